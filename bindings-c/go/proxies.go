//go:build cgo

package wiresign

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// clientField is what proxies name their clients in unless they are told otherwise.
const clientField = "X-Forwarded-For"

// mostHops is how many entries of a list of proxies are looked at. A list without end is no list of proxies.
const mostHops = 32

// TrustedProxies are the proxies in front of a service, and the header field in which they name its clients. The field
// counts only where one of them has opened the connection: everybody else can write one too. The client is the last entry of
// the field that is no trusted proxy itself. Without trusted proxies it is whoever opened the connection.
type TrustedProxies struct {
	// ClientHeader is the field that the proxies write, such as CF-Connecting-IP; X-Forwarded-For where it is empty. Set it
	// before the first request comes.
	ClientHeader string

	networks []netip.Prefix
}

// NewTrustedProxies trusts the proxies in some networks, such as "10.0.0.0/8", "fd00::/8", or the address of a single one. It
// is an error to name none, or one with bits behind its prefix, as "10.0.0.1/8" has.
func NewTrustedProxies(networks ...string) (*TrustedProxies, error) {
	if len(networks) == 0 {
		return nil, errors.New("wiresign: name at least one network of trusted proxies, or leave the proxies out")
	}
	proxies := &TrustedProxies{networks: make([]netip.Prefix, 0, len(networks))}
	for _, text := range networks {
		network, err := parseNetwork(text)
		if err != nil {
			return nil, err
		}
		proxies.networks = append(proxies.networks, network)
	}
	return proxies, nil
}

// WithTrustedProxies has these proxies say whose address a request comes from. Of this option and WithClient the last one
// counts.
func WithTrustedProxies(proxies *TrustedProxies) MiddlewareOption {
	return WithClient(proxies.Client)
}

// Client gives the address that a request comes from; the zero value where what a trusted proxy wrote does not tell.
func (p *TrustedProxies) Client(r *http.Request) netip.Addr {
	peer := peerOf(r)
	if !p.trusts(peer) {
		return peer
	}
	name := p.ClientHeader
	if name == "" {
		name = clientField
	}
	lines := r.Header.Values(name)
	if len(lines) == 0 {
		return peer
	}
	looked := 0
	for line := len(lines) - 1; line >= 0; line-- {
		rest, isMore := lines[line], true
		for ; isMore; looked++ {
			if looked == mostHops {
				return netip.Addr{}
			}
			comma := strings.LastIndexByte(rest, ',')
			hop := strings.Trim(rest[comma+1:], " \t")
			if isMore = comma >= 0; isMore {
				rest = rest[:comma]
			}
			address, err := netip.ParseAddr(hop)
			if err != nil {
				return netip.Addr{}
			}
			if !p.trusts(address) {
				return address.Unmap()
			}
		}
	}
	// A proxy in the place of a client would be all of its clients at once: the failures of one would be those of all.
	return netip.Addr{}
}

// trusts tells whether an address is that of a trusted proxy. Nobody has the zero value, and nobody trusts it.
func (p *TrustedProxies) trusts(address netip.Addr) bool {
	if p == nil {
		return false
	}
	// An IPv4 client of a socket that speaks both is the same client, and a zone is a matter of this machine.
	address = address.Unmap().WithZone("")
	for _, network := range p.networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// parseNetwork reads a network, or an address as the network that holds nothing else.
func parseNetwork(text string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(text)
	if !strings.Contains(text, "/") {
		var address netip.Addr
		if address, err = netip.ParseAddr(text); err == nil && address.Zone() == "" {
			network = netip.PrefixFrom(address, address.BitLen())
		}
	}
	switch {
	case err != nil || !network.IsValid():
		return netip.Prefix{}, fmt.Errorf("wiresign: %q is neither a network nor an address", text)
	case network != network.Masked():
		return netip.Prefix{}, fmt.Errorf("wiresign: %q has host bits set: write %q for the network", text, network.Masked())
	case network.Addr().Is4In6():
		// Its prefix covers all that is in front of the IPv4 address: else that would be gone.
		const inFront = 96
		network = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-inFront)
	}
	return network, nil
}
