import 'server-only'
import { scoped } from '@scope/pkg'
import { name as plainName, self } from 'plain-package'
import esmDefault, { name as esmName } from 'esm-package'
import { feature } from 'esm-package/features/one'
import { sub } from 'esm-package/sub'
import { exact } from 'exact-name'
import { greet as viaBaseUrl } from 'lib/greet'
import { both } from '@/lib/both'
import common, { say } from '@/lib/common.cjs'
import { folder } from '@/lib/folder'
import greet, { greet as named } from '@/lib/greet'
import fromJs, { plain } from '@/lib/plain'
import { greet as viaTilde } from '~lib/greet'
import { fallback } from 'two/fallback'
import { greet as viaTwo } from 'two/greet'
import list from '@/data/list.json'
import settings, { name as settingsName } from '@/data/settings.json'
import * as everything from '@/data/settings.json'
import { greet as withExtension } from '../../../lib/greet'

const cases: Record<string, () => unknown> = {
  alias: () => [greet('a'), named('b'), greet === named],
  'base-url': () => viaBaseUrl('c'),
  exact: () => exact,
  'two-targets': () => [viaTwo('d'), fallback],
  tilde: () => viaTilde('e'),
  folder: () => folder,
  relative: () => withExtension('f'),
  js: () => [plain, fromJs],
  commonjs: () => [common.common, say()],
  both: () => both,
  json: () => [settings, settingsName, list],
  'json-namespace': () => [(everything as any).default.name, everything.name, everything.nested.deep],
  package: () => [plainName, self],
  'package-exports': () => [esmDefault, esmName, sub, feature],
  'package-scoped': () => scoped,
  dynamic: async () => {
    const m = await import('@/lib/greet')
    return [m.greet('g'), Object.keys(m).sort()]
  },
  'dynamic-json': async () => (await import('@/data/list.json')).default,
  'import-meta': () => typeof import.meta.url,
}

export async function GET(_: Request, { params }: { params: Promise<{ what: string }> }) {
  const run = cases[(await params).what]
  return run ? Response.json((await run()) ?? 'undefined') : new Response('no such case', { status: 400 })
}
