/** vitest numbers the workers that run at the same time. */
export function workerNumber(): number {
  const number = Number(process.env['VITEST_POOL_ID'])
  return Number.isInteger(number) && number >= 0 ? number : 0
}
