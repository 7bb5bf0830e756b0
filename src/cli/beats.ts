import { type Beat, heartbeat, isSupervised } from '../supervise/heartbeat.ts'
import type { TrainObserver } from '../train/index.ts'

/** Beats closer to one another than this are put together. */
const leastMs = 250

/**
 * The observer, that also tells the supervisor how the run gets on: blocks counted and trained, and how many of them are
 * safe. Without a supervisor it is the observer as it is.
 */
export function withBeats(observer: TrainObserver): TrainObserver {
  if (!isSupervised()) return observer
  let toldMs = Number.NEGATIVE_INFINITY
  let untold: Beat = {}
  const tell = (beat: Beat, always = false) => {
    const now = performance.now()
    untold = { ...untold, ...beat }
    if (!always && now - toldMs < leastMs) return
    toldMs = now
    heartbeat(untold)
    untold = {}
  }
  return {
    ...observer,
    began: (folder, memoryLimit) => tell({ folder, ...(memoryLimit && { memoryLimit }) }, true),
    countingPlanned: (plan) => {
      tell({ at: 'counting words', memoryPlan: plan.most }, true)
      observer.countingPlanned?.(plan)
    },
    counting: (done) => {
      tell({ at: `counting words, ${(100 * done).toFixed(1)} % done` })
      observer.counting?.(done)
    },
    countingSaved: (blocks) => {
      tell({ saved: blocks }, true)
      observer.countingSaved?.(blocks)
    },
    alive: () => tell({}),
    planned: (plan, config, threads) => {
      tell({ at: 'making the model', memoryPlan: plan.bytes }, true)
      observer.planned?.(plan, config, threads)
    },
    trained: (words, work) => {
      tell({ at: `block ${work.place} of ${work.blocks} of epoch ${work.epoch}`, done: work.done })
      observer.trained?.(words, work)
    },
    saved: (blocks) => {
      tell({ saved: blocks }, true)
      observer.saved?.(blocks)
    },
  }
}
