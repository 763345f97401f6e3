// In the order of `TEXTS` in ../options.ts.
export default [
  'Bent u er nog?',
  'Bij nul wordt u afgemeld. Elke toets, klik of tik houdt u aangemeld, in alle tabbladen.',
  'U wordt {time} afgemeld.',
  'Ik ben er',
  'Nu afmelden',
  'Geen verbinding. Is die niet op tijd terug, dan wordt u afgemeld.',
  'Er wordt gecontroleerd of u nog bent aangemeld',
  'U bent afgemeld',
  'Opnieuw aanmelden',
  'Er was te lang niemand actief.',
  'Uw werktijd is voorbij.',
  'Uw aanmelding is door de beheerder beëindigd of is niet meer geldig.',
  'U hebt zich afgemeld, hier of in een ander tabblad.',
  'De server was niet bereikbaar. Voor de zekerheid bent u afgemeld.',
  'Uw aanmelding bestaat niet meer.',
];
