// node:url: the classes of the URL standard, and files. The parser that was
// there before the standard is refused: it reads hosts otherwise than all else.
(function (host, require) {
  'use strict';

  const { argType, error } = host;
  const windows = process.platform === 'win32';

  function fileURLToPath(path, options = {}) {
    const win = options?.windows ?? windows;
    if (typeof path === 'string') path = new URL(path);
    else if (!path?.href || !path.protocol || path.auth !== undefined || path.path !== undefined) throw argType('path', 'of type string or an instance of URL', path);
    if (path.protocol !== 'file:') throw error('TypeError', 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file');
    const { pathname, hostname } = path;
    if (win) {
      if (/%2f|%5c/i.test(pathname)) throw error('TypeError', 'ERR_INVALID_FILE_URL_PATH', 'File URL path must not include encoded \\ or / characters');
      const p = decodeURIComponent(pathname.replace(/\//g, '\\'));
      if (hostname !== '') return `\\\\${hostname}${p}`;
      if (!/^\\[A-Za-z]:/.test(p)) throw error('TypeError', 'ERR_INVALID_FILE_URL_PATH', 'File URL path must be absolute');
      return p.slice(1);
    }
    if (hostname !== '') throw error('TypeError', 'ERR_INVALID_FILE_URL_HOST', `File URL host must be "localhost" or empty on ${process.platform}`);
    if (/%2f/i.test(pathname)) throw error('TypeError', 'ERR_INVALID_FILE_URL_PATH', 'File URL path must not include encoded / characters');
    return decodeURIComponent(pathname);
  }

  const escapes = { '%': '%25', '\\': '%5C', '\n': '%0A', '\r': '%0D', '\t': '%09', '?': '%3F', '#': '%23' };

  function pathToFileURL(filepath, options) {
    if (typeof filepath !== 'string') throw argType('path', 'of type string', filepath);
    const win = options?.windows ?? windows, path = require('path');
    let p = (win ? path.win32 : path.posix).resolve(filepath);
    if (/[\\/]$/.test(filepath) && !p.endsWith(win ? '\\' : '/') && (win || filepath.endsWith('/'))) p += win ? '\\' : '/';
    const url = new URL('file://');
    if (win) p = p.replace(/\\/g, '/');
    url.pathname = p.replace(/[%\\\n\r\t?#]/g, (c) => escapes[c]);
    return url;
  }

  function urlToHttpOptions(url) {
    const { hostname, pathname, port, username, password, search } = url;
    const options = {
      __proto__: null, ...url,
      protocol: url.protocol,
      hostname: hostname && hostname[0] === '[' ? hostname.slice(1, -1) : hostname,
      hash: url.hash, search, pathname,
      path: `${pathname || ''}${search || ''}`,
      href: url.href,
    };
    if (port !== '') options.port = Number(port);
    if (username || password) options.auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return options;
  }

  const refuse = (name) => () => {
    throw error('Error', 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `url.${name}() is not available here\nhint: use new URL(input, base)`);
  };

  return {
    URL, URLSearchParams, fileURLToPath, pathToFileURL, urlToHttpOptions,
    parse: refuse('parse'), resolve: refuse('resolve'), resolveObject: refuse('resolveObject'),
    format(url, options) {
      if (typeof url === 'string') return new URL(url).href;
      if (!(url instanceof URL)) return refuse('format')();
      const { auth = true, fragment = true, search = true } = options ?? {};
      const u = new URL(url.href);
      if (!auth) u.username = u.password = '';
      if (!fragment) u.hash = '';
      if (!search) u.search = '';
      return u.href;
    },
  };
})
