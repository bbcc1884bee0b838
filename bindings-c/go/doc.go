// Package wiresign signs and verifies HTTP requests between services, with the same answer in every language.
//
// A service protects its handlers:
//
//	config, err := wiresign.ConfigFromFile("orders.json")
//	...
//	verifier, err := wiresign.NewVerifier(config)
//	...
//	http.ListenAndServe(":8741", wiresign.Middleware(verifier)(handlers))
//
// and asks who called:
//
//	caller, ok := wiresign.CallerFrom(r.Context())
//
// Its callers sign what they send:
//
//	signer, err := wiresign.NewSigner(config, wiresign.WithTarget("orders"))
//	...
//	client := &http.Client{Transport: &wiresign.Transport{Signer: signer}}
//
// Where callers prove roles of AWS in place of keys, Middleware asks with an STS, and AWSSigners signs. TokenEndpoint hands
// out tokens, and TokenTransport calls with them.
//
// The package links libwiresign through cgo, which pkg-config finds; with the build tag wiresign_static the library
// becomes part of the program. README.md says how to get it.
package wiresign
