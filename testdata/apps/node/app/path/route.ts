import path from 'path'
import nodePath, { join, posix } from 'node:path'

export const GET = async () =>
  Response.json({
    same: path === nodePath,
    join: [path.join('a', '..', 'b'), join('/x', 'y', './z'), join(''), join('a/', '/b')],
    basename: [path.basename('/a/b.txt'), path.basename('/a/b.txt', '.txt'), path.basename('/a/')],
    extname: ['x.tar.gz', '.env', 'a', 'a.'].map((p) => path.extname(p)),
    dirname: ['/a/b', 'a', '/', '/a'].map((p) => path.dirname(p)),
    resolve: [path.resolve('/a', 'b', '../c'), path.resolve('x') === join(process.cwd(), 'x')],
    relative: [path.relative('/a/b', '/a/c'), path.relative('/a', '/a/b/c'), path.relative('/a', '/a')],
    normalize: ['/a//b/../c/.', 'a/./b/', '../a', ''].map((p) => path.normalize(p)),
    absolute: [path.isAbsolute('/a'), path.isAbsolute('a')],
    parse: path.parse('/home/u/f.txt'),
    format: path.format({ dir: '/d', base: 'f.x' }),
    sep: [path.sep, path.delimiter, posix.sep],
    dynamic: typeof (await import('node:path')).join,
  })
