package web

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math"
	"math/big"
)

// The RSA algorithms: RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP (RFC 8017).

func rsaAlgorithms() []*algorithm {
	sign, verify := []string{"sign"}, []string{"verify"}
	list := []*algorithm{{
		name: "RSASSA-PKCS1-v1_5", public: verify, private: sign,
		sign: func(*params) func(*cryptoKey, []byte) ([]byte, error) {
			return func(k *cryptoKey, data []byte) ([]byte, error) {
				priv, err := k.rsaPrivate()
				if err != nil {
					return nil, err
				}
				return orOperation(rsa.SignPKCS1v15(nil, priv, k.hash.id, k.hash.sum(data)))
			}
		},
		verify: func(*params) func(*cryptoKey, []byte, []byte) (bool, error) {
			return func(k *cryptoKey, signature, data []byte) (bool, error) {
				pub, err := k.rsaPublic()
				if err != nil {
					return false, err
				}
				return rsa.VerifyPKCS1v15(pub, k.hash.id, k.hash.sum(data), signature) == nil, nil
			}
		},
	}, {
		name: "RSA-PSS", public: verify, private: sign,
		sign: func(p *params) func(*cryptoKey, []byte) ([]byte, error) {
			salt := p.requiredInteger("saltLength", math.MaxUint32)
			return func(k *cryptoKey, data []byte) ([]byte, error) {
				priv, err := k.rsaPrivate()
				if err != nil {
					return nil, err
				}
				if salt == 0 { // which the library takes for "as long as possible"
					return signPSSWithoutSalt(priv, k.hash, k.hash.sum(data))
				}
				return orOperation(rsa.SignPSS(rand.Reader, priv, k.hash.id, k.hash.sum(data), &rsa.PSSOptions{SaltLength: salt}))
			}
		},
		verify: func(p *params) func(*cryptoKey, []byte, []byte) (bool, error) {
			salt := p.requiredInteger("saltLength", math.MaxUint32)
			return func(k *cryptoKey, signature, data []byte) (bool, error) {
				pub, err := k.rsaPublic()
				if err != nil {
					return false, err
				}
				if salt == 0 {
					return verifyPSSWithoutSalt(pub, k.hash, k.hash.sum(data), signature), nil
				}
				return rsa.VerifyPSS(pub, k.hash.id, k.hash.sum(data), signature, &rsa.PSSOptions{SaltLength: salt}) == nil, nil
			}
		},
	}, {
		name: "RSA-OAEP", public: []string{"encrypt", "wrapKey"}, private: []string{"decrypt", "unwrapKey"},
		encrypt: func(p *params) func(*cryptoKey, []byte) ([]byte, error) {
			label := p.optional("label")
			return func(k *cryptoKey, data []byte) ([]byte, error) {
				pub, err := k.rsaPublic()
				if err != nil {
					return nil, err
				}
				return orOperation(rsa.EncryptOAEP(k.hash.new(), rand.Reader, pub, data, label))
			}
		},
		decrypt: func(p *params) func(*cryptoKey, []byte) ([]byte, error) {
			label := p.optional("label")
			return func(k *cryptoKey, data []byte) ([]byte, error) {
				priv, err := k.rsaPrivate()
				if err != nil {
					return nil, err
				}
				return orOperation(rsa.DecryptOAEP(k.hash.new(), nil, priv, data, label))
			}
		},
	}}
	for _, a := range list {
		a.generate, a.importKey, a.exportKey = generateRSA, importRSA, exportRSA
		a.slow = func(k *cryptoKey) bool { return k == nil || k.typ == "private" }
		a.describe = func(k *cryptoKey, set func(string, any)) {
			pub := k.rsaNumbers()
			set("modulusLength", pub.N.BitLen())
			set("publicExponent", big.NewInt(int64(pub.E)).Bytes())
			set("hash", k.hash)
		}
	}
	return list
}

// orOperation turns a library's error into an OperationError, which says no more
// on purpose.
func orOperation(b []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, operationError()
	}
	if b == nil {
		b = []byte{}
	}
	return b, nil
}

func (k *cryptoKey) rsaPrivate() (*rsa.PrivateKey, error) {
	if priv, ok := k.pair.(*rsa.PrivateKey); ok {
		return priv, nil
	}
	return nil, invalidAccess("A private key is needed")
}

func (k *cryptoKey) rsaPublic() (*rsa.PublicKey, error) {
	if pub, ok := k.pair.(*rsa.PublicKey); ok {
		return pub, nil
	}
	return nil, invalidAccess("A public key is needed")
}

func (k *cryptoKey) rsaNumbers() *rsa.PublicKey {
	if priv, ok := k.pair.(*rsa.PrivateKey); ok {
		return &priv.PublicKey
	}
	return k.pair.(*rsa.PublicKey)
}

func generateRSA(p *params) func() (*generated, error) {
	h := p.hash()
	bits := p.requiredInteger("modulusLength", math.MaxUint32)
	exponent := new(big.Int).SetBytes(p.buffer("publicExponent"))
	if exponent.Cmp(big.NewInt(65537)) != 0 {
		panic(p.e.iso.Thrown(operationErrorf("The public exponent must be 65537")))
	}
	if bits < 1024 || bits > 16384 {
		panic(p.e.iso.Thrown(operationErrorf("The modulus must have 1024 to 16384 bits")))
	}
	return func() (*generated, error) {
		priv, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			return nil, operationError()
		}
		return &generated{
			public:  &cryptoKey{hash: h, pair: &priv.PublicKey},
			private: &cryptoKey{hash: h, pair: priv},
		}, nil
	}
}

// jwaRSA is the name of RFC 7518 and RFC 8017 for an RSA key; "" for a hash that has none.
func jwaRSA(alg string, h *hashFunc) string {
	if h.jwa == "" {
		return ""
	}
	switch alg {
	case "RSASSA-PKCS1-v1_5":
		return "RS" + h.jwa
	case "RSA-PSS":
		return "PS" + h.jwa
	}
	if h.jwa == "1" {
		return "RSA-OAEP"
	}
	return "RSA-OAEP-" + h.jwa
}

func importRSA(p *params) func(*keyImport) (*cryptoKey, error) {
	h := p.hash()
	return func(in *keyImport) (*cryptoKey, error) {
		k := &cryptoKey{hash: h}
		switch in.format {
		case "spki":
			if err := in.use("public"); err != nil {
				return nil, err
			}
			v, err := x509.ParsePKIXPublicKey(in.data)
			pub, ok := v.(*rsa.PublicKey)
			if err != nil || !ok {
				return nil, dataError("Invalid keyData")
			}
			k.typ, k.pair = "public", pub
		case "pkcs8":
			if err := in.use("private"); err != nil {
				return nil, err
			}
			v, err := x509.ParsePKCS8PrivateKey(in.data)
			priv, ok := v.(*rsa.PrivateKey)
			if err != nil || !ok {
				return nil, dataError("Invalid keyData")
			}
			k.typ, k.pair = "private", priv
		case "jwk":
			if err := in.rsaJWK(k); err != nil {
				return nil, err
			}
		default:
			return nil, in.unsupported()
		}
		return k, nil
	}
}

func (in *keyImport) rsaJWK(k *cryptoKey) error {
	j := in.jwk
	k.typ = "public"
	if _, ok := j.members["d"]; ok {
		k.typ = "private"
	}
	if err := in.use(k.typ); err != nil {
		return err
	}
	use := "sig"
	if in.alg.name == "RSA-OAEP" {
		use = "enc"
	}
	if err := in.checkJWK("RSA", use, jwaRSA(in.alg.name, k.hash)); err != nil {
		return err
	}
	invalid := dataError("Invalid JWK keyData")
	number := func(name string) *big.Int {
		b, ok := j.bytes(name)
		if !ok {
			return nil
		}
		return new(big.Int).SetBytes(b)
	}
	n, exp := number("n"), number("e")
	if n == nil || exp == nil || !exp.IsInt64() || exp.Int64() > math.MaxInt32 {
		return invalid
	}
	pub := rsa.PublicKey{N: n, E: int(exp.Int64())}
	if k.typ == "public" {
		if pub.E < 3 || n.Sign() == 0 {
			return invalid
		}
		k.pair = &pub
		return nil
	}
	d, q1, q2 := number("d"), number("p"), number("q")
	if d == nil || q1 == nil || q2 == nil || j.oth {
		return invalid
	}
	priv := &rsa.PrivateKey{PublicKey: pub, D: d, Primes: []*big.Int{q1, q2}}
	if priv.Validate() != nil {
		return invalid
	}
	priv.Precompute()
	k.pair = priv
	return nil
}

func exportRSA(k *cryptoKey, format string) (*keyExport, error) {
	priv, private := k.pair.(*rsa.PrivateKey)
	switch {
	case format == "spki" && !private:
		b, err := x509.MarshalPKIXPublicKey(k.pair)
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
		j := newJWK("RSA")
		pub := k.rsaNumbers()
		j.setBytes("n", pub.N.Bytes())
		j.setBytes("e", big.NewInt(int64(pub.E)).Bytes())
		if private {
			j.setBytes("d", priv.D.Bytes())
			j.setBytes("p", priv.Primes[0].Bytes())
			j.setBytes("q", priv.Primes[1].Bytes())
			j.setBytes("dp", priv.Precomputed.Dp.Bytes())
			j.setBytes("dq", priv.Precomputed.Dq.Bytes())
			j.setBytes("qi", priv.Precomputed.Qinv.Bytes())
		}
		if a := jwaRSA(k.alg.name, k.hash); a != "" {
			j.set("alg", a)
		}
		return &keyExport{jwk: j}, nil
	}
	return nil, cannotExport(k, format)
}

// encodePSSWithoutSalt is EMSA-PSS without salt (RFC 8017 §9.1.1): the encoded message of
// bits bits, or nil when the hash does not fit.
func encodePSSWithoutSalt(h *hashFunc, digest []byte, bits int) []byte {
	n := (bits + 7) / 8
	if n < len(digest)+2 {
		return nil
	}
	sum := h.sum(append(make([]byte, 8), digest...))
	db := make([]byte, n-len(sum)-1)
	db[len(db)-1] = 1
	mask := db
	for counter := uint32(0); len(mask) > 0; counter++ {
		block := h.sum(append(bytes.Clone(sum), byte(counter>>24), byte(counter>>16), byte(counter>>8), byte(counter)))
		for i := 0; i < len(block) && i < len(mask); i++ {
			mask[i] ^= block[i]
		}
		mask = mask[min(len(block), len(mask)):]
	}
	db[0] &= 0xff >> (8*n - bits)
	return append(append(db, sum...), 0xbc)
}

// signPSSWithoutSalt signs with a salt of length 0. The private operation is
// blinded, because math/big takes more or less time by the number.
func signPSSWithoutSalt(priv *rsa.PrivateKey, h *hashFunc, digest []byte) ([]byte, error) {
	em := encodePSSWithoutSalt(h, digest, priv.N.BitLen()-1)
	if em == nil {
		return nil, operationError()
	}
	n, e := priv.N, big.NewInt(int64(priv.E))
	var r, inverse *big.Int
	for inverse == nil {
		var err error
		if r, err = rand.Int(rand.Reader, n); err != nil {
			return nil, operationError()
		}
		inverse = new(big.Int).ModInverse(r, n)
	}
	m := new(big.Int).SetBytes(em)
	m.Mul(m, new(big.Int).Exp(r, e, n)).Mod(m, n)
	s := m.Exp(m, priv.D, n)
	s.Mul(s, inverse).Mod(s, n)
	return s.FillBytes(make([]byte, priv.Size())), nil
}

func verifyPSSWithoutSalt(pub *rsa.PublicKey, h *hashFunc, digest, signature []byte) bool {
	if len(signature) != pub.Size() {
		return false
	}
	s := new(big.Int).SetBytes(signature)
	if s.Cmp(pub.N) >= 0 {
		return false
	}
	bits := pub.N.BitLen() - 1
	want := encodePSSWithoutSalt(h, digest, bits)
	m := s.Exp(s, big.NewInt(int64(pub.E)), pub.N)
	return want != nil && m.BitLen() <= bits && bytes.Equal(m.FillBytes(make([]byte, (pub.N.BitLen()+7)/8)), append(make([]byte, (pub.N.BitLen()+7)/8-len(want)), want...))
}
