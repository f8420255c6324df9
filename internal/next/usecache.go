package next

import "github.com/dop251/goja"

// useCacheModule is what the bundle calls for functions with 'use cache'.
const useCacheModule = "portico/use-cache"

func (m *Modules) useCache(o *goja.Object) {}
