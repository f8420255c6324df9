package js

// installES puts right what the engine has wrong or lacks of ECMAScript.
func (iso *Isolate) installES() {
	iso.installJSON()
}
