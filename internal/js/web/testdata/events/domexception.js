const r = {};
const d = new DOMException('m', 'AbortError');
r.basic = [d.name, d.message, d.code, d instanceof Error, String(d), Object.prototype.toString.call(d), DOMException.ABORT_ERR, d.ABORT_ERR, Object.keys(d), typeof d.stack, d.stack.split('\n')[0]];
r.chain = [Object.getPrototypeOf(DOMException) === Function.prototype, Object.getPrototypeOf(DOMException.prototype) === Error.prototype];
r.defaults = [new DOMException().name, new DOMException().message, new DOMException(undefined, undefined).name, new DOMException('x', 'Unknown').code, new DOMException(null).message];
r.options = [new DOMException('x', { name: 'Foo', cause: 3 }).cause, new DOMException('x', { name: 'Foo' }).name, 'cause' in new DOMException('x', {}), 'cause' in new DOMException('x', 'Y')];
r.codes = ['IndexSizeError', 'HierarchyRequestError', 'WrongDocumentError', 'InvalidCharacterError', 'NoModificationAllowedError', 'NotFoundError', 'NotSupportedError', 'InUseAttributeError', 'InvalidStateError', 'SyntaxError', 'InvalidModificationError', 'NamespaceError', 'InvalidAccessError', 'TypeMismatchError', 'SecurityError', 'NetworkError', 'AbortError', 'URLMismatchError', 'QuotaExceededError', 'TimeoutError', 'InvalidNodeTypeError', 'DataCloneError', 'EncodingError', 'NotReadableError', 'UnknownError', 'ConstraintError', 'DataError', 'OperationError', 'NotAllowedError'].map(n => new DOMException('', n).code);
r.members = Object.keys(DOMException.prototype).sort();
r.statics = Object.keys(DOMException).sort();
r.constants = Object.keys(DOMException).filter(k => /_ERR$/.test(k)).map(k => k + '=' + DOMException[k]).sort();
class Mine extends DOMException { constructor() { super('q', 'DataError'); } get foo() { return 1; } }
r.subclass = [new Mine().foo, new Mine() instanceof DOMException, new Mine() instanceof Error, new Mine().message, new Mine().constructor === Mine];
r.brand = outcome(() => Object.getOwnPropertyDescriptor(DOMException.prototype, 'name').get.call({}) === 0).split(/[: ]/)[0];
r.shape = [DOMException.length, DOMException.name];
r.call = outcome(() => DOMException('x')).split(/[: ]/)[0];
try { throw new DOMException('thrown', 'NotFoundError'); } catch (e) { r.caught = [e.name, e.message]; }
const u = new DOMException('löwe \u{1f981}', 'näme'); r.unicode = [u.message, u.name, String(u)];
return r;
