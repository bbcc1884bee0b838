package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"hash"
	"math/big"
	"strconv"
)

// A boundKey is a secret, or the public half of a key, and the algorithm that the config names, if any.
type boundKey struct {
	key
	algorithm string
	half      crypto.PublicKey
}

type boundKeyEntry struct {
	keyEntry
	Algorithm string `json:"algorithm"`
	PublicKey string `json:"public_key"`
}

var macs = map[string]func() hash.Hash{"hmac-sha256": sha256.New, "hmac-sha384": sha512.New384, "hmac-sha512": sha512.New}

func readBoundKeys(entries []boundKeyEntry, env map[string]string) ([]boundKey, error) {
	read := make([]boundKey, 0, len(entries))
	for at, stated := range entries {
		decode := secretOfService
		if stated.PublicKey != "" {
			stated.Secret, decode = stated.PublicKey, func(text string, _ keyEntry) ([]byte, error) { return []byte(text), nil }
		}
		keys, err := readKeys([]keyEntry{stated.keyEntry}, env, decode)
		if err != nil {
			return nil, err
		}
		made := boundKey{key: keys[0], algorithm: stated.Algorithm}
		if stated.ID == nil {
			made.id = strconv.Itoa(at + 1)
		}
		if stated.PublicKey != "" {
			if made.half, err = readPublicKey(stated.Algorithm, made.bytes); err != nil {
				return nil, err
			}
		}
		read = append(read, made)
	}
	return read, nil
}

func readPublicKey(algorithm string, text []byte) (crypto.PublicKey, error) {
	switch block, _ := pem.Decode(text); {
	case block != nil && block.Type == "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case block != nil && block.Type == "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	}
	raw, err := hex.DecodeString(string(text))
	if err != nil {
		raw, err = base64.StdEncoding.DecodeString(string(text))
	}
	if err != nil || algorithm != "ed25519" || len(raw) != ed25519.PublicKeySize {
		return nil, errUnsupported
	}
	return ed25519.PublicKey(raw), nil
}

// holds says whether the key made the signature. Those of ECDSA are two numbers of a fixed length (RFC 7518, 3.4).
func (k boundKey) holds(algorithm, message string, signature []byte) bool {
	if made, isMAC := macs[algorithm]; isMAC {
		mac := hmac.New(made, k.bytes)
		mac.Write([]byte(message))
		return k.half == nil && hmac.Equal(mac.Sum(nil), signature)
	}
	digest256, digest384, digest512 := sha256.Sum256([]byte(message)), sha512.Sum384([]byte(message)), sha512.Sum512([]byte(message))
	switch half := k.half.(type) {
	case ed25519.PublicKey:
		return algorithm == "ed25519" && ed25519.Verify(half, []byte(message), signature)
	case *ecdsa.PublicKey:
		size := (half.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		switch algorithm {
		case "ecdsa-p256-sha256":
			return half.Curve == elliptic.P256() && ecdsa.Verify(half, digest256[:], r, s)
		case "ecdsa-p384-sha384":
			return half.Curve == elliptic.P384() && ecdsa.Verify(half, digest384[:], r, s)
		}
	case *rsa.PublicKey:
		salted := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		switch algorithm {
		case "rsa-v1_5-sha256":
			return rsa.VerifyPKCS1v15(half, crypto.SHA256, digest256[:], signature) == nil
		case "rsa-pss-sha256":
			return rsa.VerifyPSS(half, crypto.SHA256, digest256[:], signature, salted) == nil
		case "rsa-pss-sha512":
			return rsa.VerifyPSS(half, crypto.SHA512, digest512[:], signature, salted) == nil
		}
	}
	return false
}
