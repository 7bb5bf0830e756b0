export {
  type Experiment,
  type ExperimentRun,
  type FindOptions,
  findExperiment,
  isExperimentFolder,
  readExperiment,
} from './experiment-runs.ts'
export { type PaperOptions, type WrittenPaper, writePaper } from './paper.ts'
export { type ReportOptions, reportHtml, writeReport } from './report.ts'
export { summary } from './summary.ts'
export { standalone } from './svg.ts'
export { type WordGroups, wordsPicture } from './words.ts'
export { type WrittenFiles, writeRecipe } from './write-up.ts'
