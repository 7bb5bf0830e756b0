// Copies the vectors that a run begins with, so that the memory this takes goes with the thread.
import { parentPort, workerData } from 'node:worker_threads'
import { packError } from '../core/errors.ts'
import { type CopyJob, type CopyMessage, writeCopy } from './copy-init.ts'

try {
  post({ error: null, duplicates: writeCopy(workerData as CopyJob) })
} catch (error) {
  post({ error: packError(error), duplicates: 0 })
}

function post(message: CopyMessage): void {
  parentPort!.postMessage(message)
}
