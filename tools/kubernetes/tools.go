//go:build tools

// Package tools pins the parts of Kubernetes that engine/kubernetesTools.ts builds for a cluster on this machine. `go install
// pkg@version` refuses them, because their module has replace directives; those are repeated in go.mod. For another
// version: change it in go.mod (the staging modules of v1.N are v0.N) and in catalog/versions.ts, then run `go mod tidy`.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kube-proxy"
	_ "k8s.io/kubernetes/cmd/kube-scheduler"
	_ "k8s.io/kubernetes/cmd/kubectl"
	_ "k8s.io/kubernetes/cmd/kubelet"
)
