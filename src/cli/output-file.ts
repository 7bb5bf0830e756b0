import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ConfigError } from '../core/errors.ts'

/**
 * Refuses a file to write before any work is done for it.
 *
 * command  begins the error's code: `CONVERT` gives CONVERT_SAME, CONVERT_FOLDER
 * throws   ConfigError if it is what is read, or its folder is not there
 */
export function requireOutputFile(command: string, input: string, output: string): void {
  if (isPartOf(input, output))
    throw new ConfigError(`${command}_SAME`, {
      what: `${output} would be written over`,
      why: 'it is what is read, or a part of that run',
      mend: 'name another file to write',
    })
  if (!existsSync(dirname(output)))
    throw new ConfigError(`${command}_FOLDER`, {
      what: `there is no folder ${dirname(output)}`,
      mend: 'make it first, or write elsewhere',
    })
}

/** Whether a file is what is read, by any name, or a file that a folder which is read has. */
function isPartOf(input: string, output: string): boolean {
  if (resolve(input) === resolve(output)) return true
  const read = statSync(input, { throwIfNoEntry: false })
  const written = statSync(output, { throwIfNoEntry: false })
  if (!read || !written) return false
  const other = read.isDirectory() ? statSync(dirname(resolve(output))) : written
  return read.dev === other.dev && read.ino === other.ino
}
