//go:build tools

// Package tools pins the Pulumi CLI that engine/pulumiCli.ts builds where none can be downloaded. `go install pkg@version`
// refuses it, because its module has replace directives; here its one needed replacement (clipboard) is repeated in go.mod.
// For another version: change it in go.mod and in engine/pulumiCli.ts, then run `go mod tidy`.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
