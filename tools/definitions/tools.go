//go:build tools

// Package tools pins the definitions of other projects' kinds that manifests of ours have, for tests against a real API
// server. Nothing is built of it: each module is imported by its smallest package. For another version: change it in
// go.mod, then run `go mod tidy`.
package tools

import (
	_ "github.com/cert-manager/cert-manager/pkg/apis/certmanager"
	_ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"
)
