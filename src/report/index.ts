export { type ReportOptions, reportHtml, writeReport } from './report.ts'
export { summary } from './summary.ts'
export { standalone } from './svg.ts'
export { type WordGroups, wordsPicture } from './words.ts'
