import { readFileSync } from 'node:fs'

/** Millrace's version. */
export const millraceVersion: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version
