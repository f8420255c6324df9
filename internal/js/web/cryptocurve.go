package web

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"math/big"
)

// The algorithms on curves: ECDSA and ECDH on P-256, P-384 and P-521, Ed25519
// and X25519.

func curveAlgorithms() []*algorithm {
	derive := []string{"deriveKey", "deriveBits"}
	return []*algorithm{{
		name: "ECDSA", public: []string{"verify"}, private: []string{"sign"},
		generate: generateEC, importKey: importEC, exportKey: exportEC, describe: describeEC, slow: slowEC,
		sign: func(p *params) func(*cryptoKey, []byte) ([]byte, error) {
			h := p.hash()
			return func(k *cryptoKey, data []byte) ([]byte, error) {
				priv, ok := k.pair.(*ecdsa.PrivateKey)
				if !ok {
					return nil, invalidAccess("A private key is needed")
				}
				r, s, err := ecdsa.Sign(rand.Reader, priv, h.sum(data))
				if err != nil {
					return nil, operationError()
				}
				// The form of IEEE P1363: both numbers at the curve's size.
				n := (priv.Curve.Params().BitSize + 7) / 8
				out := make([]byte, 2*n)
				r.FillBytes(out[:n])
				s.FillBytes(out[n:])
				return out, nil
			}
		},
		verify: func(p *params) func(*cryptoKey, []byte, []byte) (bool, error) {
			h := p.hash()
			return func(k *cryptoKey, signature, data []byte) (bool, error) {
				pub, ok := k.pair.(*ecdsa.PublicKey)
				if !ok {
					return false, invalidAccess("A public key is needed")
				}
				n := (pub.Curve.Params().BitSize + 7) / 8
				if len(signature) != 2*n {
					return false, nil
				}
				r, s := new(big.Int).SetBytes(signature[:n]), new(big.Int).SetBytes(signature[n:])
				return ecdsa.Verify(pub, h.sum(data), r, s), nil
			}
		},
	}, {
		name: "ECDH", public: []string{}, private: derive,
		generate: generateEC, importKey: importEC, exportKey: exportEC, describe: describeEC, slow: slowEC,
		deriveBits: func(p *params) func(*cryptoKey, int) ([]byte, error) {
			other := p.key("public")
			return func(k *cryptoKey, bits int) ([]byte, error) {
				pub, ok := other.pair.(*ecdsa.PublicKey)
				priv, isPrivate := k.pair.(*ecdsa.PrivateKey)
				if !ok || !isPrivate || other.alg != k.alg || other.curve != k.curve {
					return nil, invalidAccess("The public key does not suit the base key")
				}
				a, err := priv.ECDH()
				if err != nil {
					return nil, operationError()
				}
				b, err := pub.ECDH()
				if err != nil {
					return nil, operationError()
				}
				return agree(a, b, bits)
			}
		},
	}, {
		name: "Ed25519", public: []string{"verify"}, private: []string{"sign"},
		generate: func(*params) func() (*generated, error) {
			return func() (*generated, error) {
				pub, priv, err := ed25519.GenerateKey(rand.Reader)
				if err != nil {
					return nil, operationError()
				}
				return &generated{public: &cryptoKey{pair: pub}, private: &cryptoKey{pair: priv}}, nil
			}
		},
		importKey: importOKP, exportKey: exportOKP,
		sign: func(*params) func(*cryptoKey, []byte) ([]byte, error) {
			return func(k *cryptoKey, data []byte) ([]byte, error) {
				priv, ok := k.pair.(ed25519.PrivateKey)
				if !ok {
					return nil, invalidAccess("A private key is needed")
				}
				return ed25519.Sign(priv, data), nil
			}
		},
		verify: func(*params) func(*cryptoKey, []byte, []byte) (bool, error) {
			return func(k *cryptoKey, signature, data []byte) (bool, error) {
				pub, ok := k.pair.(ed25519.PublicKey)
				if !ok {
					return false, invalidAccess("A public key is needed")
				}
				return len(signature) == ed25519.SignatureSize && ed25519.Verify(pub, data, signature), nil
			}
		},
	}, {
		name: "X25519", public: []string{}, private: derive,
		generate: func(*params) func() (*generated, error) {
			return func() (*generated, error) {
				priv, err := ecdh.X25519().GenerateKey(rand.Reader)
				if err != nil {
					return nil, operationError()
				}
				return &generated{public: &cryptoKey{pair: priv.PublicKey()}, private: &cryptoKey{pair: priv}}, nil
			}
		},
		importKey: importOKP, exportKey: exportOKP,
		deriveBits: func(p *params) func(*cryptoKey, int) ([]byte, error) {
			other := p.key("public")
			return func(k *cryptoKey, bits int) ([]byte, error) {
				pub, ok := other.pair.(*ecdh.PublicKey)
				priv, isPrivate := k.pair.(*ecdh.PrivateKey)
				if !ok || !isPrivate || other.alg != k.alg {
					return nil, invalidAccess("The public key does not suit the base key")
				}
				return agree(priv, pub, bits)
			}
		},
	}}
}

// agree derives the shared secret, cut to bits bits; -1 for all of it.
func agree(priv *ecdh.PrivateKey, pub *ecdh.PublicKey, bits int) ([]byte, error) {
	secret, err := priv.ECDH(pub)
	if err != nil { // a point of small order, for one
		return nil, operationError()
	}
	if bits < 0 {
		return secret, nil
	}
	n := (bits + 7) / 8
	if n > len(secret) {
		return nil, operationErrorf("derived bit length is too large")
	}
	secret = secret[:n]
	if rest := bits % 8; rest != 0 {
		secret[n-1] &= byte(0xff << (8 - rest))
	}
	return secret, nil
}

func curveByName(name string) (elliptic.Curve, bool) {
	switch name {
	case "P-256":
		return elliptic.P256(), true
	case "P-384":
		return elliptic.P384(), true
	case "P-521":
		return elliptic.P521(), true
	}
	return nil, false
}

// slowEC: only P-256 is fast enough to be done where it stands.
func slowEC(k *cryptoKey) bool { return k == nil || k.curve != "P-256" }

func describeEC(k *cryptoKey, set func(string, any)) { set("namedCurve", k.curve) }

func generateEC(p *params) func() (*generated, error) {
	name := p.curve()
	curve, ok := curveByName(name)
	if !ok {
		panic(p.e.iso.Thrown(notSupported("Unrecognized namedCurve")))
	}
	return func() (*generated, error) {
		priv, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			return nil, operationError()
		}
		return &generated{
			public:  &cryptoKey{curve: name, pair: &priv.PublicKey},
			private: &cryptoKey{curve: name, pair: priv},
		}, nil
	}
}

func importEC(p *params) func(*keyImport) (*cryptoKey, error) {
	name := p.curve()
	return func(in *keyImport) (*cryptoKey, error) {
		curve, ok := curveByName(name)
		if !ok {
			return nil, notSupported("Unrecognized namedCurve")
		}
		k := &cryptoKey{curve: name}
		invalid := dataError("Invalid keyData")
		switch in.format {
		case "raw":
			if err := in.use("public"); err != nil {
				return nil, err
			}
			pub, err := ecPoint(curve, in.data)
			if err != nil {
				return nil, invalid
			}
			k.typ, k.pair = "public", pub
		case "spki":
			if err := in.use("public"); err != nil {
				return nil, err
			}
			v, err := x509.ParsePKIXPublicKey(in.data)
			pub, ok := v.(*ecdsa.PublicKey)
			if err != nil || !ok || pub.Curve != curve {
				return nil, invalid
			}
			k.typ, k.pair = "public", pub
		case "pkcs8":
			if err := in.use("private"); err != nil {
				return nil, err
			}
			v, err := x509.ParsePKCS8PrivateKey(in.data)
			priv, ok := v.(*ecdsa.PrivateKey)
			if err != nil || !ok || priv.Curve != curve {
				return nil, invalid
			}
			k.typ, k.pair = "private", priv
		case "jwk":
			if err := in.ecJWK(k, curve); err != nil {
				return nil, err
			}
		default:
			return nil, in.unsupported()
		}
		return k, nil
	}
}

// ecPoint reads a point in the forms of SEC 1 §2.3.4, compressed or not.
func ecPoint(curve elliptic.Curve, b []byte) (*ecdsa.PublicKey, error) {
	n := (curve.Params().BitSize + 7) / 8
	if len(b) == 1+n && (b[0] == 2 || b[0] == 3) {
		x, y := elliptic.UnmarshalCompressed(curve, b)
		if x == nil {
			return nil, operationError()
		}
		b = make([]byte, 1+2*n)
		b[0] = 4
		x.FillBytes(b[1 : 1+n])
		y.FillBytes(b[1+n:])
	}
	return ecdsa.ParseUncompressedPublicKey(curve, b)
}

func (in *keyImport) ecJWK(k *cryptoKey, curve elliptic.Curve) error {
	j := in.jwk
	k.typ = "public"
	if _, ok := j.members["d"]; ok {
		k.typ = "private"
	}
	if err := in.use(k.typ); err != nil {
		return err
	}
	use, alg := "enc", []string(nil)
	if in.alg.name == "ECDSA" {
		use = "sig"
		alg = []string{map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[k.curve]}
	}
	if err := in.checkJWK("EC", use, alg...); err != nil {
		return err
	}
	if j.members["crv"] != k.curve {
		return dataError("JWK \"crv\" does not match the requested algorithm")
	}
	invalid := dataError("Invalid JWK keyData")
	n := (curve.Params().BitSize + 7) / 8
	x, okX := j.bytes("x")
	y, okY := j.bytes("y")
	if !okX || !okY || len(x) != n || len(y) != n {
		return invalid
	}
	point := append(append([]byte{4}, x...), y...)
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return invalid
	}
	if k.typ == "public" {
		k.pair = pub
		return nil
	}
	d, ok := j.bytes("d")
	if !ok || len(d) != n {
		return invalid
	}
	priv, err := ecdsa.ParseRawPrivateKey(curve, d)
	if err != nil || !priv.PublicKey.Equal(pub) {
		return invalid
	}
	k.pair = priv
	return nil
}

func exportEC(k *cryptoKey, format string) (*keyExport, error) {
	priv, private := k.pair.(*ecdsa.PrivateKey)
	pub, _ := k.pair.(*ecdsa.PublicKey)
	if private {
		pub = &priv.PublicKey
	}
	point, err := pub.Bytes()
	if err != nil {
		return nil, operationError()
	}
	switch {
	case format == "raw" && !private:
		return &keyExport{data: point}, nil
	case format == "spki" && !private:
		b, err := x509.MarshalPKIXPublicKey(pub)
		if err != nil {
			return nil, operationError()
		}
		return &keyExport{data: b}, nil
	case format == "pkcs8" && private:
		b, err := x509.MarshalPKCS8PrivateKey(priv)
		if err != nil {
			return nil, operationError()
		}
		return &keyExport{data: b}, nil
	case format == "jwk":
		j := newJWK("EC")
		n := len(point) / 2
		j.setBytes("x", point[1:1+n])
		j.setBytes("y", point[1+n:])
		j.set("crv", k.curve)
		if private {
			d, err := priv.Bytes()
			if err != nil {
				return nil, operationError()
			}
			j.setBytes("d", d)
		}
		return &keyExport{jwk: j}, nil
	}
	return nil, cannotExport(k, format)
}

// importOKP imports a key of Ed25519 or X25519 (RFC 8037, RFC 8410).
func importOKP(p *params) func(*keyImport) (*cryptoKey, error) {
	edwards := p.alg.name == "Ed25519"
	return func(in *keyImport) (*cryptoKey, error) {
		invalid := dataError("Invalid keyData")
		public := func(b []byte) (*cryptoKey, error) {
			if len(b) != 32 {
				return nil, invalid
			}
			if edwards {
				return &cryptoKey{typ: "public", pair: ed25519.PublicKey(bytes.Clone(b))}, nil
			}
			pub, err := ecdh.X25519().NewPublicKey(b)
			if err != nil {
				return nil, invalid
			}
			return &cryptoKey{typ: "public", pair: pub}, nil
		}
		private := func(seed []byte) (*cryptoKey, error) {
			if len(seed) != 32 {
				return nil, invalid
			}
			if edwards {
				return &cryptoKey{typ: "private", pair: ed25519.NewKeyFromSeed(seed)}, nil
			}
			priv, err := ecdh.X25519().NewPrivateKey(seed)
			if err != nil {
				return nil, invalid
			}
			return &cryptoKey{typ: "private", pair: priv}, nil
		}
		switch in.format {
		case "raw":
			if err := in.use("public"); err != nil {
				return nil, err
			}
			return public(in.data)
		case "spki":
			if err := in.use("public"); err != nil {
				return nil, err
			}
			v, err := x509.ParsePKIXPublicKey(in.data)
			if err != nil {
				return nil, invalid
			}
			switch pub := v.(type) {
			case ed25519.PublicKey:
				if edwards {
					return public(pub)
				}
			case *ecdh.PublicKey:
				if !edwards && pub.Curve() == ecdh.X25519() {
					return public(pub.Bytes())
				}
			}
			return nil, invalid
		case "pkcs8":
			if err := in.use("private"); err != nil {
				return nil, err
			}
			v, err := x509.ParsePKCS8PrivateKey(in.data)
			if err != nil {
				return nil, invalid
			}
			switch priv := v.(type) {
			case ed25519.PrivateKey:
				if edwards {
					return private(priv.Seed())
				}
			case *ecdh.PrivateKey:
				if !edwards && priv.Curve() == ecdh.X25519() {
					return private(priv.Bytes())
				}
			}
			return nil, invalid
		case "jwk":
			return in.okpJWK(edwards, public, private)
		}
		return nil, in.unsupported()
	}
}

func (in *keyImport) okpJWK(edwards bool, public, private func([]byte) (*cryptoKey, error)) (*cryptoKey, error) {
	j := in.jwk
	typ := "public"
	if _, ok := j.members["d"]; ok {
		typ = "private"
	}
	if err := in.use(typ); err != nil {
		return nil, err
	}
	use, alg := "enc", []string(nil)
	if edwards {
		use, alg = "sig", []string{"Ed25519", "EdDSA"}
	}
	if err := in.checkJWK("OKP", use, alg...); err != nil {
		return nil, err
	}
	if j.members["crv"] != in.alg.name {
		return nil, dataError(`JWK "crv" Parameter and algorithm name mismatch`)
	}
	invalid := dataError("Invalid JWK keyData")
	x, ok := j.bytes("x")
	if !ok {
		return nil, invalid
	}
	if typ == "public" {
		return public(x)
	}
	d, ok := j.bytes("d")
	if !ok {
		return nil, invalid
	}
	k, err := private(d)
	if err != nil {
		return nil, err
	}
	if _, pub := k.okp(); !bytes.Equal(pub, x) {
		return nil, invalid
	}
	return k, nil
}

// okp returns the bytes of a private key, nil for a public one, and of its public key.
func (k *cryptoKey) okp() (seed, pub []byte) {
	switch x := k.pair.(type) {
	case ed25519.PrivateKey:
		return x.Seed(), x.Public().(ed25519.PublicKey)
	case ed25519.PublicKey:
		return nil, x
	case *ecdh.PrivateKey:
		return x.Bytes(), x.PublicKey().Bytes()
	case *ecdh.PublicKey:
		return nil, x.Bytes()
	}
	return nil, nil
}

func exportOKP(k *cryptoKey, format string) (*keyExport, error) {
	seed, pub := k.okp()
	private := seed != nil
	switch {
	case format == "raw" && !private:
		return &keyExport{data: bytes.Clone(pub)}, nil
	case format == "spki" && !private:
		b, err := x509.MarshalPKIXPublicKey(k.pair)
		if err != nil {
			return nil, operationError()
		}
		return &keyExport{data: b}, nil
	case format == "pkcs8" && private:
		b, err := x509.MarshalPKCS8PrivateKey(k.pair)
		if err != nil {
			return nil, operationError()
		}
		return &keyExport{data: b}, nil
	case format == "jwk":
		j := &jwk{members: map[string]string{}}
		j.set("crv", k.alg.name)
		if private {
			j.setBytes("d", seed)
		}
		j.setBytes("x", pub)
		j.set("kty", "OKP")
		if k.alg.name == "Ed25519" {
			j.set("alg", "Ed25519")
		}
		return &keyExport{jwk: j}, nil
	}
	return nil, cannotExport(k, format)
}
