import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeFileAtomically } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import { RunFolder } from '../run/index.ts'
import type { ExperimentRecord, RecordedRun } from './record.ts'

/** The folder of a recipe's version, and its `experiment.json`. */
export class Version {
  readonly path: string
  readonly record: ExperimentRecord

  constructor(path: string, record: ExperimentRecord) {
    this.path = path
    this.record = record
  }

  /** throws  InputError if there is no `experiment.json`, or it is damaged */
  static read(path: string): Version {
    const file = join(path, 'experiment.json')
    try {
      const record = JSON.parse(readFileSync(file, 'utf8')) as ExperimentRecord
      if (record.format !== 1) throw new Error(`it has format ${record.format}; this version reads format 1`)
      return new Version(path, record)
    } catch (cause) {
      const isThere = existsSync(file)
      throw new InputError('EXPERIMENT_RECORD', {
        what: `cannot read ${file}`,
        why: isThere ? (cause as Error).message : 'it is not there',
        mend: isThere
          ? 'bring it back from a copy, or move its folder out of the folder of runs'
          : 'give the folder of a recipe that `millrace experiment` has run',
        cause,
      })
    }
  }

  get file(): string {
    return join(this.path, 'experiment.json')
  }

  get name(): string {
    return `${this.record.name}@${this.record.version}`
  }

  /** The run folder of a run; undefined if it is not begun. */
  folderOf({ folder }: RecordedRun): RunFolder | undefined {
    return folder === null ? undefined : new RunFolder(join(this.path, folder))
  }

  write(): void {
    mkdirSync(this.path, { recursive: true })
    const json = `${JSON.stringify(this.record, null, 2)}\n`
    writeFileAtomically(this.file, (write) => write(Buffer.from(json)))
  }
}

/**
 * The versions that there are of a recipe, the first one first.
 *
 * read  what a folder holds; by default damaged ones are passed over
 */
export function versionsOf(runsFolder: string, name: string, read = tryRead): Version[] {
  return globSync([`${name}/experiment.json`, `${name}@*/experiment.json`], { cwd: runsFolder })
    .flatMap((file) => read(join(runsFolder, dirname(file))))
    .filter(({ record }) => record.name === name)
    .sort((a, b) => a.record.version - b.record.version)
}

/** The version in a folder; none if its record is damaged. */
export function tryRead(path: string): Version[] {
  try {
    return [Version.read(path)]
  } catch {
    return []
  }
}
