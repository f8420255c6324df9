// util.parseArgs.
const { parseArgs } = require('util');
const log = [];
const t = o => log.push(outcome(() => parseArgs(o)));
const options = { foo: { type: 'boolean', short: 'f' }, bar: { type: 'string' }, many: { type: 'string', multiple: true, short: 'm' }, def: { type: 'string', default: 'd' } };
t({args:['-f','--bar','b'],options});t({args:['--bar=b','-m','1','-m2','--many=3'],options});t({args:['pos'],options});t({args:['pos','--','-f'],options,allowPositionals:true});
t({args:['--nope'],options});t({args:['-x'],options});t({args:['--bar'],options});t({args:['--foo=1'],options});t({args:['--bar','-f'],options});t({args:['--bar','--foo'],options});t({args:['--nope','x','-abc','y=1','--k=v'],strict:false});
t({args:['-fm','x'],options});t({args:['-fmx'],options});t({args:['--no-foo'],options});t({args:['--no-foo'],options,allowNegative:true});t({args:['-f','--bar=b','p','--','q'],options,allowPositionals:true,tokens:true});t({args:['-fm','x','-mz'],options,tokens:true});
t({args:5});t({options:{a:{}}});t({options:{a:{type:'x'}}});t({options:{a:{type:'string',short:'xx'}}});t({options:{a:{type:'string',default:5}}});t({options:{a:{type:'string',multiple:1}}});t({options:{a:{type:'boolean',default:'x'}}});t({options:{a:{type:'string',multiple:true,default:'x'}}});t({args:['-'],allowPositionals:true});t({args:['--__proto__'],strict:false});t({args:['-b=x'],strict:false});t({args:['--=x'],strict:false});t({args:['--bar=']  ,options});t({args:['--bar','-'],options});t({args:['-fx'],options});
t({args:['-m'],options});
t({ args: ['-x'], options, allowPositionals: true }); t({ args: ['-m', '-f'], options }); t({ options: 5 }); t({ strict: 5 }); t({ options: { a: { type: 'string', multiple: true, default: ['x', 5] } } });
t({ args: ['--bar', 'x', '--', '--bar'], options, allowPositionals: true, tokens: true }); t({ args: [], options: { n: { type: 'boolean', default: false } } });
return log;
