import { rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

/** What the index keeps of a folder: what it was like when it was read, and what was read of it, as JSON. */
export interface Entry {
  stamp: string
  facts: string
}

/** Rows by the path of their folder, in SQLite. */
export class CatalogueStore {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /**
   * Runs `work` on the index in a file. One that is damaged, or of another format, is deleted and begun anew. Where the
   * file cannot be written or stays locked, `work` is given an index in memory.
   */
  static use<T>(path: string, work: (store: CatalogueStore) => T): T {
    for (let place = path, isAgain = false; ; isAgain = true) {
      let store: CatalogueStore | undefined
      try {
        store = CatalogueStore.#open(place)
        return work(store)
      } catch (error) {
        if (!isSqliteError(error) || place === ':memory:') throw error
        if (isDamage(error)) {
          if (store) store.#close()
          store = undefined
          removeDatabase(path)
        }
        if (isAgain || !isDamage(error)) place = ':memory:'
      } finally {
        if (store) store.#close()
      }
    }
  }

  static #open(path: string): CatalogueStore {
    const database = new (sqlite().DatabaseSync)(path, { timeout: 500 })
    try {
      const { user_version: found } = database.prepare('PRAGMA user_version').get() as {
        user_version: number
      }
      if (found !== 0 && found !== format) throw new OtherFormat()
      // Readers and a writer are not in each other's way; what a power cut takes is read again.
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
      if (found === 0) database.exec(`${schema}; PRAGMA user_version = ${format}`)
      return new CatalogueStore(database)
    } catch (error) {
      database.close()
      throw error
    }
  }

  all(): Map<string, Entry> {
    const rows = this.#database
      .prepare('SELECT path, stamp, facts FROM folders')
      .all() as unknown as (Entry & {
      path: string
    })[]
    return new Map(rows.map(({ path, stamp, facts }) => [path, { stamp, facts }]))
  }

  /** Enters what was read and drops what is gone, both or neither; neither if another process is at it for long. */
  update(read: Iterable<[path: string, entry: Entry]>, gone: Iterable<string>): void {
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      const put = this.#database.prepare(
        'INSERT OR REPLACE INTO folders (path, stamp, facts) VALUES (?, ?, ?)',
      )
      for (const [path, { stamp, facts }] of read) put.run(path, stamp, facts)
      const drop = this.#database.prepare('DELETE FROM folders WHERE path = ?')
      for (const path of gone) drop.run(path)
      this.#database.exec('COMMIT')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      // The next process will find it as new as it was to this one.
      if (!isBusy(error)) throw error
    }
  }

  #close(): void {
    try {
      this.#database.close()
    } catch {
      // What is in it was read already, and can be read again.
    }
  }
}

/** Of the rows. Another one is not read but begun anew: an index is nothing that cannot be made again. */
const format = 1

const schema =
  'CREATE TABLE IF NOT EXISTS folders (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, facts TEXT NOT NULL)'

class OtherFormat extends Error {}

/** Loaded when it is needed; and Node 24 warns that it is experimental, which is nothing to a user. */
function sqlite(): typeof import('node:sqlite') {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
}

function isSqliteError(error: unknown): boolean {
  return error instanceof OtherFormat || (error as { code?: string }).code === 'ERR_SQLITE_ERROR'
}

/** SQLITE_ERROR (no such table or column), SQLITE_CORRUPT, SQLITE_NOTADB. Extended codes have more in their high bits. */
function isDamage(error: unknown): boolean {
  return error instanceof OtherFormat || [1, 11, 26].includes((error as { errcode: number }).errcode & 0xff)
}

/** SQLITE_BUSY */
function isBusy(error: unknown): boolean {
  return ((error as { errcode?: number }).errcode ?? 0) % 256 === 5
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    try {
      rmSync(path + suffix, { force: true })
    } catch {
      // The next attempt is in memory.
    }
  }
}
