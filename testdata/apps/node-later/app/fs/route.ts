import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** Files of the project, read at run time. */
export async function GET() {
  const file = path.join(process.cwd(), 'data', 'list.json')
  let missing
  try {
    await readFile(path.join(process.cwd(), 'nope'))
  } catch (e: any) {
    missing = [e.code, e instanceof Error]
  }
  return Response.json([JSON.parse(await readFile(file, 'utf8')), readFileSync(file, 'utf8').length, existsSync(file), existsSync(file + 'x'), missing])
}
