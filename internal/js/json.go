package js

import (
	"github.com/dop251/goja"
)

func (l *layout) selfTestJSON() {
	rt := goja.New()
	_ = rt
}
