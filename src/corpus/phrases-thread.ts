// A thread of its own for each pass over the text, so that its memory is given back when it ends, and so that the
// main thread can stop it at any moment.
import { parentPort, workerData } from 'node:worker_threads'
import { type PackedError, packError } from '../core/errors.ts'
import { type PhrasePass, type PhrasePassResult, runPhrasePass } from './phrases-pass.ts'

/** What it answers. */
export type PhraseMessage = { result: PhrasePassResult } | { error: PackedError }

function run(): PhraseMessage {
  try {
    return { result: runPhrasePass(workerData as PhrasePass) }
  } catch (error) {
    return { error: packError(error) }
  }
}

parentPort!.postMessage(run())
