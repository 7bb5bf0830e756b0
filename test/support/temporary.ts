import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** One folder for all that the tests put aside, which goes when they are done. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
