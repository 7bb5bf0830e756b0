export type { Ending } from './attempt.ts'
export {
  type Beat,
  heartbeat,
  isSupervised,
  leaveSupervisor,
  listenToSupervisor,
  type Passed,
  passedOn,
  type SupervisorListener,
} from './heartbeat.ts'
export { type MemoryUse, memoryUse, nearLimit } from './memory.ts'
export {
  type Deaths,
  type SuperviseObserver,
  type SuperviseOptions,
  type SuperviseOutcome,
  supervise,
} from './supervisor.ts'
export { describeEnding, describeGivingUp } from './words.ts'
