import { expect, test } from 'vitest'
import { serviceDatabaseUrl } from './service-name.ts'

test("a service's URL keeps the place and takes the service's login", () => {
  const url = serviceDatabaseUrl(
    'postgres://mig:secret@db:5433/cw?sslmode=require',
    'dialer',
    'a/b@%',
  )
  expect(url).toBe('postgres://callwire_dialer:a%2Fb%40%25@db:5433/cw?sslmode=require')
})
