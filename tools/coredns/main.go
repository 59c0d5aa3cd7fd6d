// CoreDNS with only the plugins that a cluster on this machine uses: the clouds' own are most of what its usual program is
// made of. For another version: change it in go.mod and in catalog/versions.ts, then run `go mod tidy`.
package main

import (
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
)

func main() {
	coremain.Run()
}
