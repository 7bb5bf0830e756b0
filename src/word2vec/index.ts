export { availableMemory, type MemoryLimit } from '../runtime/memory-limit.ts'
export {
  configError,
  keyClass,
  parseTrainConfig,
  requireMeaning,
  standardEvaluateEvery,
  stopsEarly,
  type TrainConfig,
  type TrainConfigInput,
  type TrainKey,
  trainConfigSchema,
  trainKeys,
} from './config.ts'
export type { KernelThread } from './kernel-thread.ts'
export { type ModelShape, planLayout } from './layout.ts'
export {
  createModel,
  freezeRows,
  type MatrixName,
  matrixNames,
  readRows,
  type SharedModel,
  shapeOf,
  writeRows,
} from './model.ts'
export {
  type FittingPlan,
  type MemoryPlan,
  planMemory,
  requireEngine,
  requireFit,
  threadRuntimeBytes,
} from './plan.ts'
export { Predictor, type TrainedModel } from './predictor.ts'
export { type ReferenceModel, type ReferenceSums, trainReference } from './reference.ts'
export { chooseKernel } from './wide-check.ts'
