/** What a file's bytes must hash to, in hex. Empty where no checksum is publicly known. */
export interface Checksums {
  sha256?: string
  sha1?: string
  md5?: string
}

/** What a named file is for. */
export type DataKind = 'corpus' | 'analogies' | 'pairs' | 'completion'

/** Where a file can be downloaded, and what is in it. */
export interface Download {
  /** The same bytes at each; tried in order. */
  urls: string[]
  /** Of what is downloaded. Left out where that is the file itself. */
  checksums?: Checksums
  bytes?: number
  /** Which file of a zip it is. */
  member?: string
}

/** A corpus or test set that has a name. */
export interface DataEntry {
  name: string
  kind: DataKind
  what: string
  licence: string
  /** The page of who publishes it. */
  home: string
  /** Where it lies, unpacked, below MILLRACE_DATA and below the cache. */
  file: string
  /** Of the unpacked file. */
  checksums: Checksums
  bytes: number | null
  /** White-space words, where they were counted. */
  words: number | null
  /** A packed copy that may lie below MILLRACE_DATA instead. */
  packed?: { file: string; checksums: Checksums }
  /** Left out where there is nothing to download. */
  download?: Download
  /** An npm package that brings it, and the folder in that. */
  npm?: { name: string; folder: string }
  /** How to come by it where it cannot be downloaded. */
  byHand?: string
  /** Names of files that it is of no use without. */
  needs?: string[]
}

/** The first checksum there is, as people write it: `sha256 1413b24e…`. */
export function checksumText(checksums: Checksums): string | undefined {
  for (const kind of ['sha256', 'sha1', 'md5'] as const) {
    if (checksums[kind]) return `${kind} ${checksums[kind]}`
  }
  return undefined
}
