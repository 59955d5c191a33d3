/** A process that must end now does not hear the answer: it goes on with `instead`. */
export async function unlessCut<T>(
  answer: Promise<T>,
  cutting: AbortSignal,
  instead: T,
): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  const cut = () => resolve(instead)
  if (cutting.aborted) cut()
  cutting.addEventListener('abort', cut, { once: true })
  try {
    return await Promise.race([answer, promise])
  } finally {
    cutting.removeEventListener('abort', cut)
  }
}
