export { type ChosenVersion, chooseVersion } from './choose-version.ts'
export type { CountedCorpus } from './corpus-file.ts'
export { type PlanRequest, planRun, type RunPlan } from './plan-run.ts'
export {
  runTraining,
  type Supervisor,
  type TrainObserver,
  type TrainOutcome,
  type TrainRequest,
} from './run-training.ts'
export { learningRate } from './schedule.ts'
export type { TrainState } from './state.ts'
