// node:path. A path is taken apart into its root and its segments; posix and
// win32 differ in what a root is and in which characters separate segments.
(function (host) {
  'use strict';

  const { argType } = host;
  const string = (v, name) => {
    if (typeof v !== 'string') throw argType(name, 'of type string', v);
  };

  // squash resolves . and .. in segments; above keeps those .. that lead out.
  const squash = (text, above, separators, sep) => {
    const out = [];
    for (const s of text.split(separators)) {
      if (s === '' || s === '.') continue;
      if (s !== '..') out.push(s);
      else if (out.length > 0 && out[out.length - 1] !== '..') out.pop();
      else if (above) out.push(s);
    }
    return out.join(sep);
  };

  // last cuts the last segment out of path, from index root on: where it begins
  // and ends, without separators at the end. end is -1 where there is none.
  const last = (path, root, isSep) => {
    let end = path.length;
    while (end > root && isSep(path[end - 1])) end--;
    if (end <= root) return { start: root, end: -1 };
    let start = end;
    while (start > root && !isSep(path[start - 1])) start--;
    return { start, end };
  };

  // dot is the index of the extension in a file's name, or -1.
  const dot = (base) => {
    const i = base.lastIndexOf('.');
    return i <= 0 || base === '..' ? -1 : i;
  };

  const baseOf = (path, root, isSep, suffix) => {
    if (suffix !== undefined) string(suffix, 'suffix');
    string(path, 'path');
    const { start, end } = last(path, root, isSep);
    const base = end < 0 ? '' : path.slice(start, end);
    if (suffix === undefined || suffix === '' || suffix.length > path.length) return base;
    if (suffix === path) return '';
    // Node drops no separators where the base is only the end of the suffix.
    if (suffix.length > base.length && suffix.endsWith(base)) return path.slice(end < 0 ? root : start);
    return base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
  };

  const formatter = (sep) =>
    function format(pathObject) {
      if (pathObject === null || typeof pathObject !== 'object' || Array.isArray(pathObject)) throw argType('pathObject', 'of type object', pathObject);
      const { root, ext } = pathObject;
      const dir = pathObject.dir || root;
      const base = pathObject.base || `${pathObject.name || ''}${ext ? `${ext[0] === '.' ? '' : '.'}${ext}` : ''}`;
      if (!dir) return base;
      return dir === root ? `${dir}${base}` : `${dir}${sep}${base}`;
    };

  const pieces = (root, dir, base) => {
    const i = dot(base);
    return { root, dir, base, ext: i < 0 ? '' : base.slice(i), name: i < 0 ? base : base.slice(0, i) };
  };

  const slash = (c) => c === '/';

  const posix = {
    resolve(...args) {
      let path = '';
      for (let i = args.length - 1; i >= -1 && path[0] !== '/'; i--) {
        const p = i >= 0 ? args[i] : process.cwd().replace(/\\/g, '/');
        string(p, `paths[${i}]`);
        if (p !== '') path = path === '' ? `${p}/` : `${p}/${path}`;
      }
      const absolute = path[0] === '/';
      path = squash(path, !absolute, '/', '/');
      return absolute ? `/${path}` : path || '.';
    },

    normalize(path) {
      string(path, 'path');
      if (path === '') return '.';
      const absolute = path[0] === '/', trailing = path.endsWith('/');
      let p = squash(path, !absolute, '/', '/');
      if (p === '') return absolute ? '/' : trailing ? './' : '.';
      if (trailing) p += '/';
      return absolute ? `/${p}` : p;
    },

    isAbsolute(path) {
      string(path, 'path');
      return path[0] === '/';
    },

    join(...args) {
      for (const a of args) string(a, 'path');
      const joined = args.filter((a) => a !== '').join('/');
      return joined === '' ? '.' : posix.normalize(joined);
    },

    relative(from, to) {
      string(from, 'from');
      string(to, 'to');
      if (from === to) return '';
      const a = posix.resolve(from).split('/').filter(Boolean), b = posix.resolve(to).split('/').filter(Boolean);
      let n = 0;
      while (n < a.length && n < b.length && a[n] === b[n]) n++;
      return [...a.slice(n).fill('..'), ...b.slice(n)].join('/');
    },

    toNamespacedPath(path) {
      return path;
    },

    dirname(path) {
      string(path, 'path');
      if (path === '') return '.';
      const { start, end } = last(path, 1, slash);
      const root = path[0] === '/';
      if (end < 0 || start <= 1) return root ? '/' : '.';
      return root && start === 2 ? '//' : path.slice(0, start - 1);
    },

    basename(path, suffix) {
      return baseOf(path, 0, slash, suffix);
    },

    extname(path) {
      string(path, 'path');
      const { start, end } = last(path, 0, slash);
      const base = end < 0 ? '' : path.slice(start, end), i = dot(base);
      return i < 0 ? '' : base.slice(i);
    },

    format: formatter('/'),

    parse(path) {
      string(path, 'path');
      const root = path[0] === '/' ? '/' : '';
      const { start, end } = last(path, root.length, slash);
      const base = end < 0 ? '' : path.slice(start, end);
      return pieces(root, start > root.length ? path.slice(0, start - 1) : root, base);
    },
  };

  const either = (c) => c === '/' || c === '\\';
  const eitherRE = /[\\/]/;

  // Names of devices, which Windows sees in any folder.
  const reserved = /^(?:CON|PRN|AUX|NUL|(?:COM|LPT)[1-9\u00b9\u00b2\u00b3])$/i;
  const isReserved = (path, colon) => reserved.test(path.slice(0, colon));

  // rootOf finds the device (a drive, \\server\share, \\. or \\?) and how much of path the root is. only: there is nothing
  // but a share.
  const rootOf = (path) => {
    const share = /^[\\/]{2}([^\\/]+)[\\/]+([^\\/]+)/.exec(path);
    if (share !== null) {
      const [whole, server, name] = share;
      if (server === '.' || server === '?') return { device: `\\\\${server}`, end: 4, absolute: true, only: false };
      return { device: `\\\\${server}\\${name}`, end: whole.length, absolute: true, only: whole.length === path.length };
    }
    if (either(path[0])) return { device: undefined, end: either(path[1]) ? 0 : 1, absolute: true, only: false };
    if (/^[A-Za-z]:/.test(path)) {
      const absolute = either(path[2]);
      return { device: path.slice(0, 2), end: absolute ? 3 : 2, absolute, only: false };
    }
    return { device: undefined, end: 0, absolute: false, only: false };
  };

  // prefixOf is the length of the root for dirname and parse, which look at the
  // text only: a share counts with the separator behind it.
  const prefixOf = (path) => {
    const share = /^[\\/]{2}[^\\/]+[\\/]+[^\\/]+/.exec(path);
    if (share !== null) return share[0].length + (share[0].length < path.length ? 1 : 0);
    if (either(path[0])) return 1;
    if (/^[A-Za-z]:/.test(path)) return either(path[2]) ? 3 : 2;
    return 0;
  };

  const win32 = {
    resolve(...args) {
      let device = '', tail = '', absolute = false;
      for (let i = args.length - 1; i >= -1; i--) {
        let path;
        if (i >= 0) {
          path = args[i];
          string(path, `paths[${i}]`);
          if (path === '') continue;
        } else if (device === '') {
          path = process.cwd();
        } else {
          // Windows keeps a current folder for each drive, in variables like =C:.
          path = process.env[`=${device}`] || process.cwd();
          if (path === undefined || (path.slice(0, 2).toLowerCase() !== device.toLowerCase() && path[2] === '\\')) path = `${device}\\`;
        }
        const r = rootOf(path);
        if (r.device !== undefined && r.device !== '') {
          if (device === '') device = r.device;
          else if (r.device.toLowerCase() !== device.toLowerCase()) continue; // on another device
        }
        if (absolute) {
          if (device !== '') break;
        } else {
          tail = `${path.slice(path.length === 1 && r.absolute ? 1 : r.end)}\\${tail}`;
          absolute = r.absolute;
          if (absolute && device !== '') break;
        }
      }
      tail = squash(tail, !absolute, eitherRE, '\\');
      return absolute ? `${device}\\${tail}` : `${device}${tail}` || '.';
    },

    normalize(path) {
      string(path, 'path');
      if (path === '') return '.';
      if (path.length === 1) return path === '/' ? '\\' : path;
      let { device, end, absolute, only } = rootOf(path);
      const colon = path.indexOf(':');
      if (device === undefined && !absolute && colon > 0 && isReserved(path, colon)) {
        end = colon + 1;
        device = path.slice(0, end);
      }
      if (only) return `${device}\\`;
      let tail = squash(path.slice(end), !absolute, eitherRE, '\\');
      if (tail === '' && !absolute) tail = '.';
      if (tail !== '' && either(path[path.length - 1])) tail += '\\';
      if (!absolute && device === undefined && path.includes(':')) {
        // What was no drive must not become one (CVE-2024-36139).
        if (/^[A-Za-z]:/.test(tail) || /:(?:[\\/]|$)/.test(path)) return `.\\${tail}`;
      }
      if (isReserved(path, colon)) return `.\\${device ?? ''}${tail}`;
      return `${device ?? ''}${absolute ? '\\' : ''}${tail}`;
    },

    isAbsolute(path) {
      string(path, 'path');
      return /^(?:[\\/]|[A-Za-z]:[\\/])/.test(path);
    },

    join(...args) {
      for (const a of args) string(a, 'path');
      const parts = args.filter((a) => a !== '');
      if (parts.length === 0) return '.';
      let joined = parts.join('\\');
      // Only a first part that is meant as a share may begin with two separators.
      if (!/^[\\/]{2}[^\\/]/.test(parts[0])) joined = joined.replace(/^[\\/]{2,}/, '\\');
      return win32.normalize(joined);
    },

    relative(from, to) {
      string(from, 'from');
      string(to, 'to');
      if (from === to) return '';
      const whole = win32.resolve(to), start = win32.resolve(from);
      if (start === whole || start.toLowerCase() === whole.toLowerCase()) return '';
      const cut = (p) => p.replace(/^\\+/, '').replace(/\\+$/, '');
      const a = cut(start).split('\\'), b = cut(whole).split('\\');
      let n = 0;
      while (n < a.length && n < b.length && a[n].toLowerCase() === b[n].toLowerCase()) n++;
      if (n === 0) return whole;
      const rest = b.slice(n).join('\\');
      const up = a.slice(n).map(() => '..').join('\\');
      return up === '' ? rest : rest === '' ? up : `${up}\\${rest}`;
    },

    toNamespacedPath(path) {
      if (typeof path !== 'string' || path.length === 0) return path;
      const p = win32.resolve(path);
      if (p.length <= 2) return path;
      if (p.startsWith('\\\\')) {
        if (p[2] !== '?' && p[2] !== '.') return `\\\\?\\UNC\\${p.slice(2)}`;
      } else if (/^[A-Za-z]:\\/.test(p)) {
        return `\\\\?\\${p}`;
      }
      return p;
    },

    dirname(path) {
      string(path, 'path');
      if (path === '') return '.';
      if (path.length === 1) return either(path) ? path : '.';
      const root = prefixOf(path);
      if (root === path.length && /^[\\/]{2}/.test(path)) return path;
      const { start, end } = last(path, root, either);
      if (end < 0 || start === root) return root > 0 ? path.slice(0, root) : '.';
      return path.slice(0, start - 1);
    },

    basename(path, suffix) {
      return baseOf(path, typeof path === 'string' && /^[A-Za-z]:/.test(path) ? 2 : 0, either, suffix);
    },

    extname(path) {
      string(path, 'path');
      const { start, end } = last(path, /^[A-Za-z]:/.test(path) ? 2 : 0, either);
      const base = end < 0 ? '' : path.slice(start, end), i = dot(base);
      return i < 0 ? '' : base.slice(i);
    },

    format: formatter('\\'),

    parse(path) {
      string(path, 'path');
      const n = prefixOf(path), root = path.slice(0, n);
      const { start, end } = last(path, n, either);
      const base = end < 0 ? '' : path.slice(start, end);
      return pieces(root, start > n ? path.slice(0, start - 1) : root, base);
    },
  };

  posix.sep = '/';
  posix.delimiter = ':';
  win32.sep = '\\';
  win32.delimiter = ';';
  posix.win32 = win32.win32 = win32;
  posix.posix = win32.posix = posix;
  for (const p of [posix, win32]) p._makeLong = p.toNamespacedPath;
  return process.platform === 'win32' ? win32 : posix;
})
