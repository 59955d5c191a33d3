// For tests of the packages that testkit itself is made of; everybody else asks testkit.
export { eventually } from './eventually.ts'
export { scratchDir } from './scratch-dir.ts'
