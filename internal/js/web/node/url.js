// node:url: the classes of the URL standard, files, and the parser that was
// there before the standard. That one reads hosts otherwise than all else: what
// it says must not decide where a request may go.
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

  // --- the parser from before the standard --------------------------------------

  const slashed = new Set(['http:', 'https:', 'ftp:', 'gopher:', 'file:', 'ws:', 'wss:']);
  const hostless = new Set(['javascript:']);
  const escaped = new Map([...'\t\n\r "\'<>\\^`{|}'].map((c) => [c, '%' + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')]));
  const escapeText = (s) => s.replace(/[\t\n\r "'<>\\^`{|}]/g, (c) => escaped.get(c));
  const invalid = (input) => Object.assign(error('TypeError', 'ERR_INVALID_URL', 'Invalid URL'), { input });

  class Url {
    protocol = null; slashes = null; auth = null; host = null; port = null; hostname = null;
    hash = null; search = null; query = null; pathname = null; path = null; href = null;

    parse(url, parseQueryString, slashesDenoteHost) {
      if (typeof url !== 'string') throw argType('url', 'of type string', url);
      // Backslashes are slashes before the query.
      const input = url.trim(), mark = input.search(/[?#]/);
      let rest = mark < 0 ? input.replace(/\\/g, '/') : input.slice(0, mark).replace(/\\/g, '/') + input.slice(mark);
      if (!slashesDenoteHost && !/[#@]/.test(rest)) {
        const simple = /^(\/\/?(?!\/)[^?\s]*)(\?[^\s]*)?$/.exec(rest);
        if (simple) {
          this.path = this.href = rest;
          this.pathname = simple[1];
          if (simple[2]) {
            this.search = simple[2];
            this.query = parseQueryString ? require('querystring').parse(simple[2].slice(1)) : simple[2].slice(1);
          } else if (parseQueryString) this.query = { __proto__: null };
          return this;
        }
      }
      const proto = /^[a-z0-9.+-]+:/i.exec(rest)?.[0], scheme = proto?.toLowerCase();
      if (proto) {
        this.protocol = scheme;
        rest = rest.slice(proto.length);
      }
      let slashes = false;
      if ((slashesDenoteHost || proto || /^\/\/[^@/]+@[^@/]+/.test(rest)) && rest.startsWith('//') && !hostless.has(scheme)) {
        slashes = this.slashes = true;
        rest = rest.slice(2);
      }
      if (!hostless.has(scheme) && (slashes || (proto && !slashed.has(scheme)))) {
        const stop = rest.search(/[#/?]/), authority = stop < 0 ? rest : rest.slice(0, stop);
        const at = authority.lastIndexOf('@');
        const odd = authority.slice(at + 1).search(/[\t\n\r "%';<>\\^`{|}]/);
        const end = odd < 0 ? authority.length : at + 1 + odd;
        if (at >= 0) this.auth = decodeURIComponent(authority.slice(0, at));
        this.setHost(authority.slice(at + 1, end), url);
        rest = rest.slice(end);
      }
      if (scheme !== 'javascript:') rest = escapeText(rest);
      const hash = rest.indexOf('#');
      if (hash >= 0) {
        this.hash = rest.slice(hash);
        rest = rest.slice(0, hash);
      }
      const question = rest.indexOf('?');
      if (question >= 0) {
        this.search = rest.slice(question);
        this.query = this.search.slice(1);
        if (parseQueryString) this.query = require('querystring').parse(this.query);
        rest = rest.slice(0, question);
      } else if (parseQueryString) {
        this.search = null;
        this.query = { __proto__: null };
      }
      if (rest) this.pathname = rest;
      if (slashed.has(scheme) && this.hostname && !this.pathname) this.pathname = '/';
      if (this.pathname || this.search) this.path = (this.pathname || '') + (this.search || '');
      this.href = this.format();
      return this;
    }

    setHost(host, url) {
      const port = /:[0-9]*$/.exec(host)?.[0];
      let name = host;
      if (port !== undefined) {
        if (port !== ':') this.port = port.slice(1);
        name = host.slice(0, -port.length);
      }
      const v6 = name[0] === '[' && name.at(-1) === ']';
      if (name.length > 255) name = '';
      else name = name.toLowerCase();
      if (!v6 && /[^\x00-\x7f]/.test(name)) {
        try {
          name = new URL(`http://${name}`).hostname;
        } catch {
          throw invalid(url);
        }
      }
      if (v6 ? /[\0\t\n\r #%/<>?@\\^|]/.test(name) : /[\0\t\n\r #%/:<>?@[\\\]^|]/.test(name)) throw invalid(url);
      this.host = name + (this.port === null ? '' : `:${this.port}`);
      this.hostname = v6 ? name.slice(1, -1) : name;
    }

    format() {
      let { protocol, pathname, hash, search, query } = this, host = '';
      const auth = this.auth ? `${encodeURIComponent(this.auth).replace(/%3A/i, ':')}@` : '';
      pathname ||= '';
      hash ||= '';
      protocol ||= '';
      if (this.host) host = auth + this.host;
      else if (this.hostname) host = auth + (this.hostname.includes(':') && this.hostname[0] !== '[' ? `[${this.hostname}]` : this.hostname) + (this.port ? `:${this.port}` : '');
      if (query !== null && typeof query === 'object') query = require('querystring').stringify(query);
      search = search || (query && typeof query === 'string' && typeof this.query === 'object' ? `?${query}` : '') || '';
      if (protocol && !protocol.endsWith(':')) protocol += ':';
      pathname = pathname.replace(/[#?]/g, (c) => (c === '#' ? '%23' : '%3F'));
      if (this.slashes || slashed.has(protocol)) {
        if (this.slashes || host) {
          if (pathname && pathname[0] !== '/') pathname = `/${pathname}`;
          host = `//${host}`;
        } else if (protocol === 'file:') host = '//';
      }
      search = search.replace(/#/g, '%23');
      if (hash && hash[0] !== '#') hash = `#${hash}`;
      if (search && search[0] !== '?') search = `?${search}`;
      return protocol + host + pathname + search + hash;
    }

    resolve(relative) { return this.resolveObject(parse(relative, false, true)).format(); }

    resolveObject(relative) {
      const rel = relative instanceof Url ? relative : parse(String(relative), false, true), out = new Url();
      const take = (from, ...names) => names.forEach((n) => { out[n] = from[n]; });
      const authority = ['slashes', 'auth', 'host', 'port', 'hostname'];
      Object.assign(out, this);
      out.hash = rel.hash;
      if (rel.href !== '') {
        if (rel.protocol && rel.protocol !== out.protocol) {
          Object.assign(out, rel);
          if (slashed.has(rel.protocol)) out.slashes = out.slashes || rel.host !== null;
        } else if (rel.slashes || rel.host) {
          take(rel, ...authority, 'pathname', 'search', 'query');
          out.slashes = true;
          out.pathname = dots(rel.pathname ?? '', true);
        } else if (rel.pathname) {
          const base = out.pathname ?? '';
          const joined = rel.pathname[0] === '/' ? rel.pathname : base.slice(0, base.lastIndexOf('/') + 1) + rel.pathname;
          out.pathname = dots(out.host && joined[0] !== '/' ? `/${joined}` : joined, Boolean(out.host) || joined[0] === '/');
          take(rel, 'search', 'query');
        } else if (rel.search !== null) take(rel, 'search', 'query');
      }
      if (slashed.has(out.protocol) && out.hostname && !out.pathname) out.pathname = '/';
      out.path = out.pathname || out.search ? (out.pathname ?? '') + (out.search ?? '') : null;
      out.href = out.format();
      return out;
    }
  }

  // dots takes the segments . and .. out of a path.
  function dots(path, absolute) {
    const parts = [], segments = path.split('/');
    if (absolute && segments[0] === '') segments.shift();
    segments.forEach((segment, i) => {
      const last = i === segments.length - 1;
      if (segment === '..') {
        if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
        else if (!absolute) parts.push('..');
        if (last) parts.push('');
      } else if (segment === '.') {
        if (last) parts.push('');
      } else parts.push(segment);
    });
    return (absolute ? '/' : '') + parts.join('/');
  }

  const parse = (url, parseQueryString, slashesDenoteHost) => (url instanceof Url ? url : new Url().parse(url, parseQueryString, slashesDenoteHost));

  return {
    Url, parse, URL, URLSearchParams, fileURLToPath, pathToFileURL, urlToHttpOptions,
    resolve: (source, relative) => parse(source, false, true).resolve(relative),
    resolveObject: (source, relative) => (source ? parse(source, false, true).resolveObject(relative) : relative),
    domainToASCII(domain) {
      try {
        return new URL(`ws://${domain}`).hostname;
      } catch {
        return '';
      }
    },
    format(url, options) {
      if (typeof url === 'string') return parse(url).format();
      if (url === null || typeof url !== 'object') throw argType('urlObject', 'one of type object or string', url);
      if (!(url instanceof URL)) return Url.prototype.format.call(url);
      const { auth = true, fragment = true, search = true } = options ?? {};
      const u = new URL(url.href);
      if (!auth) u.username = u.password = '';
      if (!fragment) u.hash = '';
      if (!search) u.search = '';
      return u.href;
    },
  };
})
