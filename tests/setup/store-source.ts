import { dockerAnswers } from '@callwire/stores'

export type StoreSource =
  | { readonly kind: 'given'; readonly url: string }
  | { readonly kind: 'docker' }
  | { readonly kind: 'embedded' }

/**
 * Where the run's stores come from: the URL that was given, else Docker's containers where an engine answers, else our
 * own. `CALLWIRE_TEST_STORES=embedded` leaves Docker alone. A store on a default port is never looked for.
 */
export async function storeSource(givenUrl: string | undefined): Promise<StoreSource> {
  if (givenUrl !== undefined && givenUrl !== '') return { kind: 'given', url: givenUrl }
  if (process.env['CALLWIRE_TEST_STORES'] === 'embedded') return { kind: 'embedded' }
  return (await dockerAnswers()) ? { kind: 'docker' } : { kind: 'embedded' }
}
