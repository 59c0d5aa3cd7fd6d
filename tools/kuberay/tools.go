//go:build tools

// Package tools pins KubeRay: its CRDs, which tests of manifests apply, and its operator, which runs outside a cluster in
// tests. For another version: change it in go.mod and in catalog/versions.ts, then run `go mod tidy`.
package tools

import _ "github.com/ray-project/kuberay/ray-operator"
