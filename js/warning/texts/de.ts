// In the order of `TEXTS` in ../options.ts.
export default [
  'Sind Sie noch da?',
  'Bei null werden Sie abgemeldet. Jede Taste, jeder Klick und jedes Tippen hält Sie angemeldet, in allen Tabs.',
  'Sie werden {time} abgemeldet.',
  'Ich bin da',
  'Jetzt abmelden',
  'Keine Verbindung. Ist sie nicht zurück, wenn die Zeit um ist, werden Sie abgemeldet.',
  'Es wird geprüft, ob Sie noch angemeldet sind',
  'Sie sind abgemeldet',
  'Wieder anmelden',
  'Zu lange war niemand aktiv.',
  'Ihre Arbeitszeit ist zu Ende.',
  'Ihre Anmeldung wurde von der Verwaltung beendet oder ist nicht mehr gültig.',
  'Sie haben sich abgemeldet, hier oder in einem anderen Tab.',
  'Der Server war nicht erreichbar. Zur Sicherheit wurden Sie abgemeldet.',
  'Ihre Anmeldung ist nicht mehr vorhanden.',
];
