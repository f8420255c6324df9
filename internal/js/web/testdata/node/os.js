// node:os: what does not depend on the machine, or must agree with Node on it.
const os = require('os');
return [os.EOL, os.devNull, os.platform() === process.platform, os.arch() === process.arch, ['LE', 'BE'].includes(os.endianness()), ...['type', 'machine', 'hostname', 'tmpdir', 'homedir'].map(f => typeof os[f]() + (os[f]() !== '')), os.cpus().length >= os.availableParallelism(), Object.keys(os.cpus()[0]), Object.keys(os.cpus()[0].times), os.constants.signals.SIGTERM, typeof os.uptime(), require('node:os') === os];
