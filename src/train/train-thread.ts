// A training thread: claims places in the epoch's order of blocks, reads each block from the corpus and trains
// on it. It keeps nothing between blocks, so that what happens on a block depends on no other.
import { parentPort, workerData } from 'node:worker_threads'
import { packError } from '../core/errors.ts'
import { deriveSeed } from '../core/random.ts'
import { BlockReader, BlockTable, changed } from '../corpus/blocks.ts'
import { maxSentence } from '../corpus/records.ts'
import { prepareText } from '../corpus/tokenizer.ts'
import { KernelThread, pieces, sentenceBreak } from '../word2vec/model.ts'
import { learningRate } from './schedule.ts'
import type { BlockDone, EpochJob, ThreadJob, ThreadMessage } from './threads.ts'

const job = workerData as ThreadJob
const { model, config, audits } = job
const blocks = new BlockTable(job.files, job.blockBytes)
const reader = new BlockReader(blocks)
const kernel = KernelThread.load(model, job.thread)
const { layout } = model
const control = new Int32Array(model.memory.buffer, layout.control, 2)
const order = new Uint32Array(model.memory.buffer, layout.order, blocks.length)
const shares = new Float64Array(model.memory.buffer, layout.shares, blocks.length + 1)

parentPort!.on('message', ({ epoch }: EpochJob) => {
  try {
    // The order and shares were written before this message was sent, and change only when all threads are idle.
    while (Atomics.load(control, 1) === 0) {
      const place = Atomics.add(control, 0, 1)
      if (place >= blocks.length) break
      post({ type: 'block', ...trainBlock(epoch, place) })
    }
    post({ type: 'idle' })
  } catch (error) {
    Atomics.store(control, 1, 1)
    post({ type: 'error', error: packError(error) })
  }
})

function trainBlock(epoch: number, place: number): BlockDone {
  const block = order[place]!
  const text = readBlock(block)
  const ids = kernel.tokenise(text.bytes, maxSentence)
  kernel.seed(deriveSeed(config.seed, epoch, block))
  const from = shares[place]!
  const blockShare = shares[place + 1]! - from
  let done = 0
  let words = 0
  for (const piece of pieces(ids, layout.pieceWords)) {
    const share = (epoch - 1 + from + blockShare * (done / ids.length)) / config.epochs
    kernel.train(piece, learningRate(config.lr, share))
    done += piece.length
    for (const id of piece) if (id !== sentenceBreak) words++
  }
  const { loss, pairs } = kernel.sums()
  return { place, words, records: text.records, hash: text.hash, loss, pairs }
}

/** The text of a block where the kernel can read it, and its audit, which must be what was counted. */
function readBlock(block: number): { bytes: Uint8Array; records: number; hash: bigint } {
  const raw = kernel.rawBuffer
  const { start, end, offset, beginsFile } = reader.read(block, raw)
  const own = raw.subarray(start, end)
  const { records, hash } = kernel.audit(own, offset, maxSentence)
  if (records !== audits.records[block] || hash !== audits.hashes[block]) {
    const { path } = job.files[blocks.place(block).file]!
    throw changed(path, `its content near byte ${blocks.place(block).start} is not what was counted`)
  }
  const prepared = prepareText(own, beginsFile, config.tokenizer, (raw) => kernel.lowerWords(raw))
  return { bytes: prepared.inPlace ? prepared.bytes : kernel.copyIn(prepared.bytes), records, hash }
}

function post(message: ThreadMessage): void {
  parentPort!.postMessage(message)
}
