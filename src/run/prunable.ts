import { statOf } from './facts.ts'
import { RunFolder } from './folder.ts'
import { versionFileOf } from './version-file.ts'

/** Something that may go. */
export interface Prunable {
  kind: 'leftover' | 'checkpoints' | 'run' | 'version'
  /** What it is called, and why it may go. */
  name: string
  why: string
  /** What is removed, absolute. */
  paths: string[]
  bytes: number
  /** Folders of runs and versions that nobody may be at work in, and what they were like when this was found. */
  guards: { folder: string; stamp: string | undefined }[]
}

/** What may go, and what would but for something that its owner should know. */
export interface PrunePlan {
  items: Prunable[]
  /** `folder`: absolute; null where it is about all of them. */
  kept: { name: string; why: string; folder: string | null }[]
}

/** What nobody may be at work in, as it is now. */
export function guardOf(folder: string): Prunable['guards'][number] {
  return { folder, stamp: stampOf(folder) }
}

/** What tells that a run or version is as it was. */
export function stampOf(folder: string): string {
  return `${statOf(new RunFolder(folder).runFile)} ${statOf(versionFileOf(folder))}`
}
