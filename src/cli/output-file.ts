import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ConfigError } from '../core/errors.ts'

/**
 * Refuses a file to write before any work is done for it.
 *
 * command  begins the error's code: `CONVERT` gives CONVERT_SAME, CONVERT_FOLDER
 * throws   ConfigError if it is what is read, or its folder is not there
 */
export function requireOutputFile(command: string, input: string, output: string): void {
  if (resolve(input) === resolve(output))
    throw new ConfigError(`${command}_SAME`, {
      what: `${input} would be written over itself`,
      why: 'what is read and what is written are the same path',
      mend: 'name another file to write',
    })
  if (!existsSync(dirname(output)))
    throw new ConfigError(`${command}_FOLDER`, {
      what: `there is no folder ${dirname(output)}`,
      mend: 'make it first, or write elsewhere',
    })
}
