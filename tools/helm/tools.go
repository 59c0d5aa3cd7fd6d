//go:build tools

// Package tools pins the Helm that runs charts where no `helm` is on PATH. For another version: change it in go.mod and in
// catalog/versions.ts, then run `go mod tidy`.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
