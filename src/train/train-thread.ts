// A training thread: reads blocks from the corpus and trains on them. It keeps nothing between blocks, so that what
// happens on a block depends on no other. Either it claims blocks for itself (`runFreely`), or all threads go through
// the same blocks, and share out lanes of them (`runTogether`).
import { parentPort, workerData } from 'node:worker_threads'
import { packError } from '../core/errors.ts'
import { BlockReader, BlockTable, changed } from '../corpus/blocks.ts'
import { maxSentence } from '../corpus/records.ts'
import { prepareText } from '../corpus/tokenizer.ts'
import { KernelThread, pieces } from '../word2vec/kernel-thread.ts'
import { Claims } from './claims.ts'
import { blockSeed, LaneWalk } from './lane-walk.ts'
import { Aborted, Meeting } from './meeting.ts'
import { rateAt } from './schedule.ts'
import { Team } from './team.ts'
import type { BlockDone, EpochJob, ThreadJob, ThreadMessage } from './threads.ts'

const job = workerData as ThreadJob
const { model, config, audits, thread } = job
const { layout } = model
const blocks = new BlockTable(job.files, job.blockBytes)
const reader = new BlockReader(blocks)
const kernel = KernelThread.load(model, thread)
const { buffer } = model.memories[0]!
const control = new Int32Array(buffer, layout.control, 4)
const order = new Uint32Array(buffer, layout.order, blocks.length)
const shares = new Float64Array(buffer, layout.shares, blocks.length + 1)
const meeting = new Meeting(model, thread)
const walk = layout.inLanes ? new LaneWalk(model, kernel, config, meeting, thread) : undefined
const claims = new Claims(job.claims, thread)
const quarantined = new Set(job.quarantined)
const team = new Team(layout.threads.length, job.team)

/** So many pieces are trained on before the copies of frequent rows are merged, and taken anew. */
const piecesOnCopies = 4

/** What is told of a block in quarantine. */
const leftOut = { words: 0, records: 0, hash: 0n, loss: 0, pairs: 0, skipped: true }

parentPort!.on('message', ({ epoch, end, alone }: EpochJob) => {
  try {
    // The order and shares were written before this message was sent, and change only when all threads are idle.
    if (walk) runTogether(walk, epoch, end, alone)
    else if (!alone || thread === 0) runFreely(epoch, end)
    claims.clear()
    post({ type: 'idle', rounds: walk?.rounds ?? 0 })
  } catch (error) {
    if (error instanceof Aborted) return post({ type: 'idle', rounds: 0 })
    if (walk) meeting.abort()
    else Atomics.store(control, 1, 1)
    post({ type: 'error', error: packError(error) })
  }
})

/** Claims places in the epoch's order of blocks, until it comes to the end or is told to stop. */
function runFreely(epoch: number, end: number): void {
  Atomics.add(control, 3, 1)
  while (Atomics.load(control, 1) === 0) {
    const place = Atomics.add(control, 0, 1)
    if (place >= end) break
    post({ type: 'block', ...trainBlock(epoch, place) })
  }
  Atomics.sub(control, 3, 1)
}

function trainBlock(epoch: number, place: number): BlockDone {
  const block = order[place]!
  if (quarantined.has(block)) return { place, ...leftOut }
  const text = readBlock(block)
  const ids = kernel.tokenise(text.bytes, maxSentence)
  kernel.seed(blockSeed(config, epoch, block))
  const from = shares[place]!
  const blockShare = shares[place + 1]! - from
  let done = 0
  let trained = 0
  kernel.copyHotRows()
  for (const piece of pieces(ids, layout.pieceWords)) {
    const share = (epoch - 1 + from + blockShare * (done / ids.length)) / config.epochs
    kernel.train(piece, rateAt(config, share))
    Atomics.add(control, 2, 1)
    done += piece.length
    if (++trained % piecesOnCopies !== 0) continue
    mergeHotRows()
    kernel.copyHotRows()
  }
  mergeHotRows()
  const { loss, pairs, words } = kernel.sums()
  return { place, words, records: text.records, hash: text.hash, loss, pairs }
}

function mergeHotRows(): void {
  kernel.mergeHotRows(1 / Atomics.load(control, 3))
}

/**
 * Rounds of as many blocks as threads are at work: each prepares one, then all go through all of them. The first thread
 * leads; it alone has the loss, and tells of blocks in their order, so that sums are the same for any number of threads.
 */
function runTogether(walk: LaneWalk, epoch: number, end: number, alone: boolean): void {
  for (;;) {
    const began = performance.now()
    const { place, active } = thread === 0 ? lead(end, alone) : meeting.nextRound()
    if (place < 0) return
    walk.join(active)
    const count = Math.min(active, end - place)
    if (thread < count) prepareBlock(epoch, order[place + thread]!)
    meeting.meet()
    Atomics.add(control, 2, 1)
    let kept = 0
    for (let i = 0; i < count; i++) {
      const { kept: length, ...told } = meeting.hear(i)
      const seed = blockSeed(config, epoch, order[place + i]!)
      const shareAt = (place: number) => (epoch - 1 + shares[place]!) / config.epochs
      const from = shareAt(place + i)
      walk.walk({ seed, kept: layout.threads[i]!.ids, length, from, to: shareAt(place + i + 1) })
      kept += length
      if (thread !== 0) continue
      const skipped = quarantined.has(order[place + i]!)
      post({ type: 'block', place: place + i, ...told, ...walk.sums(), ...(skipped && { skipped }) })
    }
    // The next round may be of fewer threads, who then use what this one has merged.
    meeting.meet()
    if (thread === 0) team.tell(active, kept, performance.now() - began)
  }
}

/** The next round, by the leader. */
function lead(end: number, alone: boolean): { place: number; active: number } {
  const active = alone ? 1 : team.choose()
  let place = -1
  if (Atomics.load(control, 1) === 0) {
    place = control[0]! < end ? control[0]! : -1
    Atomics.store(control, 0, Math.min(end, control[0]! + active))
  }
  const round = { place, active }
  meeting.announce(round)
  return round
}

/** Reads a block, and leaves its kept words in this thread's buffer. */
function prepareBlock(epoch: number, block: number): void {
  if (quarantined.has(block)) {
    meeting.tell({ kept: 0, words: 0, records: 0, hash: 0n })
    return
  }
  const { bytes, records, hash } = readBlock(block)
  const ids = kernel.tokenise(bytes, maxSentence)
  kernel.seed(blockSeed(config, epoch, block))
  const kept = kernel.subsample(ids)
  meeting.tell({ kept, words: kernel.sums().words, records, hash })
}

/** The text of a block where the kernel can read it, and its audit, which must be what was counted. */
function readBlock(block: number): { bytes: Uint8Array; records: number; hash: bigint } {
  claims.claim(block)
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
