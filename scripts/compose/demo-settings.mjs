/**
 * What a call against the simulator needs. The name ends in `localhost`, which browsers take to this machine, and is
 * the gateway's alias on the containers' network: one public origin for both sides. The simulator shares the dialer's
 * network, because plain HTTP is spoken to loopback hosts alone.
 */
export const demoSettings = {
  COMPOSE_PROFILES: 'demo',
  PUBLIC_URL: 'http://callwire.localhost:8080',
  ALLOWED_ORIGINS: 'http://callwire.localhost:8080,http://127.0.0.1:8080,http://localhost:8080',
  EXOTEL_ALLOWED_HOSTS: '127.0.0.1:8099',
  EXOTEL_ALLOW_HTTP: 'true',
  ASR_PROVIDER: 'loopback',
}
