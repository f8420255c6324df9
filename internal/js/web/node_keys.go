package web

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// The keys of node:crypto and what they do: PEM, DER and JWK in and out,
// signatures, RSA encryption, key agreement.

// nodeKey is what a KeyObject has. It does not change once made.
type nodeKey struct {
	typ    string // "secret", "public" or "private"
	secret []byte
	pair   any // *rsa.PublicKey, *ecdsa.PrivateKey, ed25519.PublicKey, *ecdh.PrivateKey, …
}

// kind is KeyObject.asymmetricKeyType.
func (k *nodeKey) kind() string {
	switch k.pair.(type) {
	case *rsa.PublicKey, *rsa.PrivateKey:
		return "rsa"
	case *ecdsa.PublicKey, *ecdsa.PrivateKey:
		return "ec"
	case ed25519.PublicKey, ed25519.PrivateKey:
		return "ed25519"
	case *ecdh.PublicKey, *ecdh.PrivateKey:
		return "x25519"
	}
	return ""
}

// public is the public key of a private one, and a public key itself.
func (k *nodeKey) public() *nodeKey {
	switch p := k.pair.(type) {
	case *rsa.PrivateKey:
		return &nodeKey{typ: "public", pair: &p.PublicKey}
	case *ecdsa.PrivateKey:
		return &nodeKey{typ: "public", pair: &p.PublicKey}
	case ed25519.PrivateKey:
		return &nodeKey{typ: "public", pair: p.Public()}
	case *ecdh.PrivateKey:
		return &nodeKey{typ: "public", pair: p.PublicKey()}
	}
	return k
}

// opensslCurves are OpenSSL's names of the curves, by those of NIST.
var opensslCurves = map[string]string{"P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"}

func nistCurve(name string) string {
	for nist, openssl := range opensslCurves {
		if name == openssl || name == nist {
			return nist
		}
	}
	if name == "secp256r1" {
		return "P-256"
	}
	return ""
}

func (k *nodeKey) curve() string {
	switch p := k.pair.(type) {
	case *ecdsa.PublicKey:
		return p.Curve.Params().Name
	case *ecdsa.PrivateKey:
		return p.Curve.Params().Name
	}
	return ""
}

var errUnsupportedKey = opensslFault("1E08010C", "DECODER routines", "unsupported")

// readKey reads a key. For a public key a private one will do, whose public half
// it is, and a certificate.
func readKey(private bool, format, typ string, data, passphrase []byte, hasPassphrase bool) (*nodeKey, error) {
	if format == "pem" {
		for {
			block, rest := pem.Decode(data)
			if block == nil {
				return nil, errUnsupportedKey
			}
			switch block.Type {
			case "PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
				typ = "pkcs8"
			case "RSA PRIVATE KEY", "RSA PUBLIC KEY":
				typ = "pkcs1"
			case "EC PRIVATE KEY":
				typ = "sec1"
			case "PUBLIC KEY":
				typ = "spki"
			case "CERTIFICATE":
				typ = "certificate"
			default: // such as EC PARAMETERS
				data = rest
				continue
			}
			return readKeyDER(private, typ, block.Bytes, passphrase, hasPassphrase)
		}
	}
	return readKeyDER(private, typ, data, passphrase, hasPassphrase)
}

func readKeyDER(private bool, typ string, der, passphrase []byte, hasPassphrase bool) (*nodeKey, error) {
	k := &nodeKey{typ: "private"}
	var err error
	switch typ {
	case "pkcs8":
		if plain, encrypted, fault := decryptPKCS8(der, passphrase, hasPassphrase); fault != nil {
			return nil, fault
		} else if encrypted {
			der = plain
		}
		k.pair, err = x509.ParsePKCS8PrivateKey(der)
	case "sec1":
		k.pair, err = x509.ParseECPrivateKey(der)
	case "pkcs1":
		if k.pair, err = x509.ParsePKCS1PrivateKey(der); err != nil && !private {
			k.typ = "public"
			k.pair, err = x509.ParsePKCS1PublicKey(der)
		}
	case "spki":
		k.typ = "public"
		k.pair, err = x509.ParsePKIXPublicKey(der)
	case "certificate":
		k.typ = "public"
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(der); err == nil {
			k.pair = c.PublicKey
		}
	}
	if err != nil || k.kind() == "" || private && k.typ != "private" {
		return nil, errUnsupportedKey
	}
	if !private {
		k = k.public()
	}
	return k, nil
}

// The structures of PKCS #8 keys that a password encrypts (RFC 8018 §6.2).
type (
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct{ Derivation, Encryption pkix.AlgorithmIdentifier }
	pbkdf struct {
		Salt       []byte
		Iterations int
		Length     int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	// hmacWithSHA1 is the default; these have a number behind.
	oidHMAC   = asn1.ObjectIdentifier{1, 2, 840, 113549, 2}
	hmacNames = map[int]string{7: "sha1", 8: "sha224", 9: "sha256", 10: "sha384", 11: "sha512"}
	oidAES    = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1}
	aesSizes  = map[int]int{2: 16, 22: 24, 42: 32} // of CBC
)

// maxIterations bounds what a key that somebody sent may cost.
const maxIterations = 2_000_000

func decryptPKCS8(der, passphrase []byte, given bool) (plain []byte, encrypted bool, err error) {
	var outer encryptedKey
	if rest, err := asn1.Unmarshal(der, &outer); err != nil || len(rest) > 0 {
		return nil, false, nil // a plain one begins with a version
	}
	if !given {
		return nil, true, &nodeFault{"TypeError", "ERR_MISSING_PASSPHRASE", "Passphrase required for encrypted key"}
	}
	var scheme pbes2
	var kdf pbkdf
	if !outer.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, true, errUnsupportedKey
	}
	if _, err := asn1.Unmarshal(outer.Algorithm.Parameters.FullBytes, &scheme); err != nil || !scheme.Derivation.Algorithm.Equal(oidPBKDF2) {
		return nil, true, errUnsupportedKey
	}
	if _, err := asn1.Unmarshal(scheme.Derivation.Parameters.FullBytes, &kdf); err != nil || kdf.Iterations < 1 || kdf.Iterations > maxIterations {
		return nil, true, errUnsupportedKey
	}
	hashName := "sha1"
	if id := kdf.PRF.Algorithm; len(id) > 0 {
		if len(id) != len(oidHMAC)+1 || !id[:len(oidHMAC)].Equal(oidHMAC) {
			return nil, true, errUnsupportedKey
		}
		hashName = hmacNames[id[len(id)-1]]
	}
	d := nodeDigestByName(hashName)
	id := scheme.Encryption.Algorithm
	var iv []byte
	if _, err := asn1.Unmarshal(scheme.Encryption.Parameters.FullBytes, &iv); err != nil || len(iv) != aes.BlockSize ||
		d == nil || len(id) != len(oidAES)+1 || !id[:len(oidAES)].Equal(oidAES) || aesSizes[id[len(id)-1]] == 0 || len(outer.Data)%aes.BlockSize != 0 || len(outer.Data) == 0 {
		return nil, true, errUnsupportedKey
	}
	key, err := pbkdf2.Key(d.new, string(passphrase), kdf.Salt, kdf.Iterations, aesSizes[id[len(id)-1]])
	if err != nil {
		return nil, true, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, true, err
	}
	out := make([]byte, len(outer.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, outer.Data)
	n := int(out[len(out)-1])
	if n == 0 || n > aes.BlockSize || !bytes.Equal(out[len(out)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
		return nil, true, opensslFault("1C800064", "Provider routines", "bad decrypt")
	}
	return out[:len(out)-n], true, nil
}

// encryptPKCS8 encrypts with AES in CBC mode under a key of PBKDF2 with
// HMAC-SHA256, as OpenSSL does by default, its count of 2048 rounds too.
func encryptPKCS8(der, passphrase []byte, keySize int) ([]byte, error) {
	const rounds = 2048
	salt, iv := make([]byte, 16), make([]byte, aes.BlockSize)
	random(salt)
	random(iv)
	key, err := pbkdf2.Key(nodeDigestByName("sha256").new, string(passphrase), salt, rounds, keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	n := aes.BlockSize - len(der)%aes.BlockSize
	data := append(bytes.Clone(der), bytes.Repeat([]byte{byte(n)}, n)...)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	identifier := func(id asn1.ObjectIdentifier, parameters any) pkix.AlgorithmIdentifier {
		b := orPanic(asn1.Marshal(parameters))
		return pkix.AlgorithmIdentifier{Algorithm: id, Parameters: asn1.RawValue{FullBytes: b}}
	}
	oid := func(base asn1.ObjectIdentifier, last int) asn1.ObjectIdentifier {
		return append(append(asn1.ObjectIdentifier{}, base...), last)
	}
	last := map[int]int{16: 2, 24: 22, 32: 42}[keySize]
	return asn1.Marshal(encryptedKey{identifier(oidPBES2, pbes2{
		identifier(oidPBKDF2, pbkdf{Salt: salt, Iterations: rounds, PRF: pkix.AlgorithmIdentifier{Algorithm: oid(oidHMAC, 9), Parameters: asn1.NullRawValue}}),
		identifier(oid(oidAES, last), iv),
	}), data})
}

// encode writes the key as DER, and says what PEM calls that.
func (k *nodeKey) encode(typ string) (der []byte, label string, err error) {
	incompatible := func(what string) error {
		return &nodeFault{"Error", "ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS", "The selected key encoding " + typ + " can only be used for " + what + " keys."}
	}
	switch typ {
	case "pkcs1":
		switch p := k.pair.(type) {
		case *rsa.PrivateKey:
			return x509.MarshalPKCS1PrivateKey(p), "RSA PRIVATE KEY", nil
		case *rsa.PublicKey:
			return x509.MarshalPKCS1PublicKey(p), "RSA PUBLIC KEY", nil
		}
		return nil, "", incompatible("RSA")
	case "sec1":
		p, ok := k.pair.(*ecdsa.PrivateKey)
		if !ok {
			return nil, "", incompatible("EC")
		}
		der, err = x509.MarshalECPrivateKey(p)
		return der, "EC PRIVATE KEY", err
	case "spki":
		der, err = x509.MarshalPKIXPublicKey(k.pair)
		return der, "PUBLIC KEY", err
	}
	der, err = x509.MarshalPKCS8PrivateKey(k.pair)
	return der, "PRIVATE KEY", err
}

// signing is the hash function for the signing functions of subtle.go.
func (d *nodeDigest) signing() *hashFunc {
	return &hashFunc{name: d.name, id: d.id, block: d.new().BlockSize(), new: d.new}
}

type signOptions struct {
	digest  *nodeDigest // nil for Ed25519
	pss     bool
	salt    int // -1 as long as the digest, -2 any
	ieee    bool
	invalid bool // a padding that signatures do not have
}

var errKeyOperation = opensslFault("03000096", "digital envelope routines", "operation not supported for this keytype")

func (k *nodeKey) sign(data []byte, o signOptions) ([]byte, error) {
	if o.invalid {
		return nil, opensslFault("1C8000A5", "Provider routines", "illegal or unsupported padding mode")
	}
	var sum []byte
	if o.digest != nil {
		sum = o.digest.signing().sum(data)
	}
	switch p := k.pair.(type) {
	case *rsa.PrivateKey:
		if !o.pss {
			return rsa.SignPKCS1v15(nil, p, o.digest.id, sum)
		}
		switch o.salt {
		case 0:
			return signPSSWithoutSalt(p, o.digest.signing(), sum)
		case -2:
			return rsa.SignPSS(rand.Reader, p, o.digest.id, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto})
		case -1:
			return rsa.SignPSS(rand.Reader, p, o.digest.id, sum, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPSS(rand.Reader, p, o.digest.id, sum, &rsa.PSSOptions{SaltLength: o.salt})
	case *ecdsa.PrivateKey:
		if !o.ieee {
			return ecdsa.SignASN1(rand.Reader, p, sum)
		}
		r, s, err := ecdsa.Sign(rand.Reader, p, sum)
		if err != nil {
			return nil, err
		}
		n := (p.Curve.Params().BitSize + 7) / 8
		out := make([]byte, 2*n)
		r.FillBytes(out[:n])
		s.FillBytes(out[n:])
		return out, nil
	case ed25519.PrivateKey:
		return ed25519.Sign(p, data), nil
	}
	return nil, errKeyOperation
}

func (k *nodeKey) verify(data, signature []byte, o signOptions) (bool, error) {
	var sum []byte
	if o.digest != nil {
		sum = o.digest.signing().sum(data)
	}
	switch p := k.public().pair.(type) {
	case *rsa.PublicKey:
		switch {
		case o.invalid:
			return false, nil
		case !o.pss:
			return rsa.VerifyPKCS1v15(p, o.digest.id, sum, signature) == nil, nil
		case o.salt == 0:
			return verifyPSSWithoutSalt(p, o.digest.signing(), sum, signature), nil
		}
		salt := o.salt
		switch salt {
		case -2:
			if verifyPSSWithoutSalt(p, o.digest.signing(), sum, signature) {
				return true, nil
			}
			salt = rsa.PSSSaltLengthAuto
		case -1:
			salt = rsa.PSSSaltLengthEqualsHash
		}
		return rsa.VerifyPSS(p, o.digest.id, sum, signature, &rsa.PSSOptions{SaltLength: salt}) == nil, nil
	case *ecdsa.PublicKey:
		if !o.ieee {
			return ecdsa.VerifyASN1(p, sum, signature), nil
		}
		n := (p.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*n {
			return false, nil
		}
		return ecdsa.Verify(p, sum, new(big.Int).SetBytes(signature[:n]), new(big.Int).SetBytes(signature[n:])), nil
	case ed25519.PublicKey:
		return len(signature) == ed25519.SignatureSize && ed25519.Verify(p, data, signature), nil
	}
	return false, errKeyOperation
}

// Paddings of RSA, by OpenSSL's numbers.
const (
	paddingPKCS1 = 1
	paddingOAEP  = 4
	paddingPSS   = 6
)

var errRSA = &nodeFault{"Error", "ERR_OSSL_RSA_OAEP_DECODING_ERROR", "error:02000079:rsa routines::oaep decoding error"}

// rsaCrypt is publicEncrypt, privateDecrypt, privateEncrypt and publicDecrypt.
func (k *nodeKey) rsaCrypt(op string, data []byte, padding int, d *nodeDigest, label []byte) ([]byte, error) {
	priv, isPrivate := k.pair.(*rsa.PrivateKey)
	pub, isPublic := k.public().pair.(*rsa.PublicKey)
	if !isPublic {
		return nil, errKeyOperation
	}
	unsupported := opensslFault("1C8000A5", "Provider routines", "illegal or unsupported padding mode")
	switch op {
	case "publicEncrypt":
		switch padding {
		case paddingOAEP:
			return rsa.EncryptOAEP(d.new(), rand.Reader, pub, data, label)
		case paddingPKCS1:
			return rsa.EncryptPKCS1v15(rand.Reader, pub, data)
		}
	case "privateDecrypt":
		switch {
		case !isPrivate:
			return nil, errKeyOperation
		case padding == paddingOAEP:
			out, err := rsa.DecryptOAEP(d.new(), nil, priv, data, label)
			if err != nil {
				return nil, errRSA
			}
			return out, nil
		case padding == paddingPKCS1:
			return rsa.DecryptPKCS1v15(nil, priv, data)
		}
	case "privateEncrypt":
		if isPrivate && padding == paddingPKCS1 {
			return rsa.SignPKCS1v15(nil, priv, 0, data) // type 1, without the name of a hash
		}
	case "publicDecrypt":
		if padding != paddingPKCS1 {
			break
		}
		c := new(big.Int).SetBytes(data)
		if len(data) != pub.Size() || c.Cmp(pub.N) >= 0 {
			return nil, errRSA
		}
		em := c.Exp(c, big.NewInt(int64(pub.E)), pub.N).FillBytes(make([]byte, pub.Size()))
		i := 2
		for i < len(em) && em[i] == 0xff {
			i++
		}
		if em[0] != 0 || em[1] != 1 || i < 10 || i == len(em) || em[i] != 0 {
			return nil, opensslFault("02000089", "rsa routines", "padding check failed")
		}
		return em[i+1:], nil
	}
	return nil, unsupported
}

// maxModulus is OpenSSL's limit for the bits of an RSA key.
const maxModulus = 16384

func generateNodeKey(kind string, bits int, curve string) (*nodeKey, error) {
	k := &nodeKey{typ: "private"}
	var err error
	switch kind {
	case "rsa":
		if bits > maxModulus {
			return nil, opensslFault("02000069", "rsa routines", "modulus too large")
		}
		k.pair, err = rsa.GenerateKey(rand.Reader, bits)
	case "ec":
		c, _ := curveByName(curve)
		k.pair, err = ecdsa.GenerateKey(c, rand.Reader)
	case "ed25519":
		_, k.pair, err = ed25519.GenerateKey(rand.Reader)
	case "x25519":
		k.pair, err = ecdh.X25519().GenerateKey(rand.Reader)
	}
	return k, err
}

// jwk is the key's members as a JSON Web Key, in Node's order.
func (k *nodeKey) jwk() (members [][2]string) {
	set := func(name string, b []byte) {
		members = append(members, [2]string{name, base64.RawURLEncoding.EncodeToString(b)})
	}
	text := func(name, value string) { members = append(members, [2]string{name, value}) }
	if k.typ == "secret" {
		text("kty", "oct")
		set("k", k.secret)
		return members
	}
	switch p := k.public().pair.(type) {
	case *rsa.PublicKey:
		text("kty", "RSA")
		set("n", p.N.Bytes())
		set("e", big.NewInt(int64(p.E)).Bytes())
		if priv, ok := k.pair.(*rsa.PrivateKey); ok && len(priv.Primes) == 2 {
			priv.Precompute()
			set("d", priv.D.Bytes())
			set("p", priv.Primes[0].Bytes())
			set("q", priv.Primes[1].Bytes())
			set("dp", priv.Precomputed.Dp.Bytes())
			set("dq", priv.Precomputed.Dq.Bytes())
			set("qi", priv.Precomputed.Qinv.Bytes())
		}
	case *ecdsa.PublicKey:
		point := orPanic(p.Bytes())
		n := len(point) / 2
		text("kty", "EC")
		set("x", point[1:1+n])
		set("y", point[1+n:])
		text("crv", k.curve())
		if priv, ok := k.pair.(*ecdsa.PrivateKey); ok {
			set("d", orPanic(priv.Bytes()))
		}
	case ed25519.PublicKey:
		text("crv", "Ed25519")
		if priv, ok := k.pair.(ed25519.PrivateKey); ok {
			set("d", priv.Seed())
		}
		set("x", p)
		text("kty", "OKP")
	case *ecdh.PublicKey:
		text("crv", "X25519")
		if priv, ok := k.pair.(*ecdh.PrivateKey); ok {
			set("d", priv.Bytes())
		}
		set("x", p.Bytes())
		text("kty", "OKP")
	}
	return members
}

var errInvalidJWK = &nodeFault{"Error", "ERR_CRYPTO_INVALID_JWK", "Invalid JWK data"}

// keyOfJWK reads members of a JSON Web Key.
func keyOfJWK(private bool, member func(string) string) (*nodeKey, error) {
	read := func(name string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(member(name), "="))
		if err != nil {
			return nil
		}
		return b
	}
	number := func(name string) *big.Int { return new(big.Int).SetBytes(read(name)) }
	typ := "public"
	if private {
		typ = "private"
	}
	switch member("kty") {
	case "RSA":
		e := number("e")
		if !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31-1 || number("n").Sign() == 0 {
			return nil, errInvalidJWK
		}
		pub := rsa.PublicKey{N: number("n"), E: int(e.Int64())}
		if !private {
			return &nodeKey{typ: typ, pair: &pub}, nil
		}
		priv := &rsa.PrivateKey{PublicKey: pub, D: number("d"), Primes: []*big.Int{number("p"), number("q")}}
		if priv.Validate() != nil {
			return nil, errInvalidJWK
		}
		priv.Precompute()
		return &nodeKey{typ: typ, pair: priv}, nil
	case "EC":
		curve, ok := curveByName(member("crv"))
		if !ok {
			return nil, errInvalidJWK
		}
		n := (curve.Params().BitSize + 7) / 8
		if private {
			priv, err := ecdsa.ParseRawPrivateKey(curve, read("d"))
			if err != nil {
				return nil, errInvalidJWK
			}
			return &nodeKey{typ: typ, pair: priv}, nil
		}
		x, y := read("x"), read("y")
		if len(x) != n || len(y) != n {
			return nil, errInvalidJWK
		}
		pub, err := ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil, errInvalidJWK
		}
		return &nodeKey{typ: typ, pair: pub}, nil
	case "OKP":
		name := "x"
		if private {
			name = "d"
		}
		b := read(name)
		if len(b) != 32 {
			return nil, errInvalidJWK
		}
		var pair any
		var err error
		switch member("crv") + " " + typ {
		case "Ed25519 private":
			pair = ed25519.NewKeyFromSeed(b)
		case "Ed25519 public":
			pair = ed25519.PublicKey(b)
		case "X25519 private":
			pair, err = ecdh.X25519().NewPrivateKey(b)
		case "X25519 public":
			pair, err = ecdh.X25519().NewPublicKey(b)
		default:
			err = errInvalidJWK
		}
		if err != nil {
			return nil, errInvalidJWK
		}
		return &nodeKey{typ: typ, pair: pair}, nil
	}
	return nil, errInvalidJWK
}

// agreeNode is crypto.diffieHellman.
func agreeNode(priv, pub *nodeKey) ([]byte, error) {
	mismatch := &nodeFault{"Error", "ERR_CRYPTO_INCOMPATIBLE_KEY", "Incompatible key types for Diffie-Hellman: " + priv.kind() + " and " + pub.kind()}
	var a *ecdh.PrivateKey
	var b *ecdh.PublicKey
	var err, err2 error
	switch p := priv.pair.(type) {
	case *ecdsa.PrivateKey:
		q, ok := pub.public().pair.(*ecdsa.PublicKey)
		if !ok {
			return nil, mismatch
		}
		a, err = p.ECDH()
		b, err2 = q.ECDH()
	case *ecdh.PrivateKey:
		q, ok := pub.public().pair.(*ecdh.PublicKey)
		if !ok {
			return nil, mismatch
		}
		a, b = p, q
	default:
		return nil, mismatch
	}
	if err := errors.Join(err, err2); err != nil {
		return nil, err
	}
	if a.Curve() != b.Curve() {
		return nil, opensslFault("1C8000A8", "Provider routines", "mismatching domain parameters")
	}
	return a.ECDH(b)
}

func (e *Env) keyNatives(o *goja.Object) {
	rt := e.rt
	fn := func(name string, f func(goja.FunctionCall) goja.Value) { must(o.Set(name, e.iso.Func(name, 0, f))) }
	key := func(v goja.Value) *nodeKey {
		k, _ := js.Host[nodeKey](e.iso, v)
		return k
	}
	give := func(k *nodeKey, err error) goja.Value {
		if err != nil {
			panic(e.iso.Thrown(err))
		}
		return e.nodeHandle(k)
	}
	optional := func(v goja.Value) (b []byte, given bool) {
		if goja.IsUndefined(v) {
			return nil, false
		}
		return bytes.Clone(e.viewOf(v)), true
	}
	fn("keySecret", func(c goja.FunctionCall) goja.Value {
		return e.nodeHandle(&nodeKey{typ: "secret", secret: bytes.Clone(e.viewOf(c.Argument(0)))})
	})
	// keyRead(private, format, type, data, passphrase)
	fn("keyRead", func(c goja.FunctionCall) goja.Value {
		passphrase, given := optional(c.Argument(4))
		return give(readKey(c.Argument(0).ToBoolean(), c.Argument(1).String(), c.Argument(2).String(), e.viewOf(c.Argument(3)), passphrase, given))
	})
	fn("keyReadJWK", func(c goja.FunctionCall) goja.Value {
		members := c.Argument(1).(*goja.Object)
		return give(keyOfJWK(c.Argument(0).ToBoolean(), func(name string) string {
			if s, ok := members.Get(name).(goja.String); ok {
				return s.String()
			}
			return ""
		}))
	})
	fn("keyPublic", func(c goja.FunctionCall) goja.Value { return e.nodeHandle(key(c.Argument(0)).public()) })
	// keyInfo(key) is [type, kind, bits, exponent, curve].
	fn("keyInfo", func(c goja.FunctionCall) goja.Value {
		k := key(c.Argument(0))
		bits, exponent := 8*len(k.secret), 0
		if p, ok := k.public().pair.(*rsa.PublicKey); ok {
			bits, exponent = p.N.BitLen(), p.E
		}
		return rt.NewArray(k.typ, k.kind(), bits, exponent, opensslCurves[k.curve()])
	})
	// keyExport(key, format, type, size of the cipher's key or 0, passphrase)
	fn("keyExport", func(c goja.FunctionCall) goja.Value {
		k := key(c.Argument(0))
		if k.typ == "secret" {
			return e.arrayBuffer(bytes.Clone(k.secret))
		}
		der, label, err := k.encode(c.Argument(2).String())
		if size := int(c.Argument(3).ToInteger()); err == nil && size != 0 {
			passphrase, _ := optional(c.Argument(4))
			label = "ENCRYPTED PRIVATE KEY"
			der, err = encryptPKCS8(der, passphrase, size)
		}
		if err != nil {
			panic(e.iso.Thrown(err))
		}
		if c.Argument(1).String() == "pem" {
			return rt.ToValue(string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der})))
		}
		return e.arrayBuffer(der)
	})
	fn("keyJWK", func(c goja.FunctionCall) goja.Value {
		out := rt.NewObject()
		for _, m := range key(c.Argument(0)).jwk() {
			must(out.Set(m[0], m[1]))
		}
		return out
	})
	fn("keyEquals", func(c goja.FunctionCall) goja.Value {
		a, b := key(c.Argument(0)), key(c.Argument(1))
		if a.typ == "secret" || b.typ == "secret" {
			return rt.ToValue(a.typ == b.typ && subtle.ConstantTimeCompare(a.secret, b.secret) == 1)
		}
		if a.typ != b.typ || a.kind() != b.kind() {
			return rt.ToValue(false)
		}
		form := map[string]string{"public": "spki", "private": "pkcs8"}[a.typ]
		x, _, err := a.encode(form)
		y, _, err2 := b.encode(form)
		return rt.ToValue(err == nil && err2 == nil && subtle.ConstantTimeCompare(x, y) == 1)
	})
	// keyGenerate(kind, bits, curve, async) is the private key.
	fn("keyGenerate", func(c goja.FunctionCall) goja.Value {
		kind, bits, curve := c.Argument(0).String(), int(c.Argument(1).ToInteger()), nistCurve(c.Argument(2).String())
		if kind == "ec" && curve == "" {
			panic(e.nodeError("TypeError", "ERR_CRYPTO_INVALID_CURVE", "Invalid EC curve name"))
		}
		run := func() (*nodeKey, error) { return generateNodeKey(kind, bits, curve) }
		if !c.Argument(3).ToBoolean() {
			return give(run())
		}
		return e.iso.Go(contained(run, func(k *nodeKey) goja.Value { return e.nodeHandle(k) }))
	})
	// keyOf(CryptoKey)
	fn("keyOf", func(c goja.FunctionCall) goja.Value {
		k, ok := js.Host[cryptoKey](e.iso, c.Argument(0))
		if !ok {
			return goja.Null()
		}
		return e.nodeHandle(&nodeKey{typ: k.typ, secret: k.secret, pair: k.pair})
	})
	fn("curves", func(goja.FunctionCall) goja.Value {
		return e.stringArray([]string{"prime256v1", "secp384r1", "secp521r1"})
	})

	options := func(k *nodeKey, c []goja.Value) signOptions {
		var s signOptions
		if !goja.IsNull(c[0]) {
			if s.digest = nodeDigestByName(c[0].String()); s.digest == nil || s.digest.id == 0 {
				panic(e.nodeError("TypeError", "ERR_CRYPTO_INVALID_DIGEST", "Invalid digest: %s", c[0].String()))
			}
		}
		switch edwards := k.kind() == "ed25519"; {
		case edwards && s.digest != nil:
			panic(e.iso.Thrown(opensslFault("1C80007A", "Provider routines", "invalid digest")))
		case !edwards && s.digest == nil:
			s.digest = nodeDigestByName("sha256")
		}
		padding := int(c[1].ToInteger())
		s.pss, s.invalid = padding == paddingPSS, k.kind() == "rsa" && padding != paddingPSS && padding != paddingPKCS1
		s.salt, s.ieee = int(c[2].ToInteger()), c[3].ToBoolean()
		return s
	}
	// sign(key, data, digest or null, padding, salt, ieee, async)
	fn("sign", func(c goja.FunctionCall) goja.Value {
		k, data := key(c.Argument(0)), e.viewOf(c.Argument(1))
		o, async := options(k, c.Arguments[2:6]), c.Argument(6).ToBoolean()
		if async {
			data = bytes.Clone(data)
		}
		return e.bytesOrPromise(async, func() ([]byte, error) { return k.sign(data, o) })
	})
	// verify(key, data, digest or null, padding, salt, ieee, async, signature)
	fn("verify", func(c goja.FunctionCall) goja.Value {
		k, data, signature := key(c.Argument(0)), bytes.Clone(e.viewOf(c.Argument(1))), bytes.Clone(e.viewOf(c.Argument(7)))
		o := options(k, c.Arguments[2:6])
		run := func() (bool, error) { return k.verify(data, signature, o) }
		if c.Argument(6).ToBoolean() {
			return e.iso.Go(contained(run, func(ok bool) goja.Value { return rt.ToValue(ok) }))
		}
		ok, err := run()
		if err != nil {
			panic(e.iso.Thrown(err))
		}
		return rt.ToValue(ok)
	})
	// rsaCrypt(operation, key, data, padding, digest, label)
	fn("rsaCrypt", func(c goja.FunctionCall) goja.Value {
		d := nodeDigestByName(c.Argument(4).String())
		if d == nil || d.new == nil {
			panic(e.nodeError("TypeError", "ERR_CRYPTO_INVALID_DIGEST", "Invalid digest: %s", c.Argument(4).String()))
		}
		label, _ := optional(c.Argument(5))
		b, err := key(c.Argument(1)).rsaCrypt(c.Argument(0).String(), e.viewOf(c.Argument(2)), int(c.Argument(3).ToInteger()), d, label)
		if err != nil {
			panic(e.iso.Thrown(err))
		}
		return e.arrayBuffer(b)
	})
	fn("agree", func(c goja.FunctionCall) goja.Value {
		b, err := agreeNode(key(c.Argument(0)), key(c.Argument(1)))
		if err != nil {
			panic(e.iso.Thrown(err))
		}
		return e.arrayBuffer(b)
	})
}
