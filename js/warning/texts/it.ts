// In the order of `TEXTS` in ../options.ts.
export default [
  'È ancora qui?',
  'A zero la sessione si chiude. Un tasto, un clic o un tocco la mantiene aperta in tutte le schede.',
  'La sessione si chiuderà {time}.',
  'Sono qui',
  'Esci ora',
  'Nessuna connessione. Se non torna in tempo, la sessione si chiude.',
  'Verifica della sessione in corso',
  'La sessione è chiusa',
  'Accedi di nuovo',
  'Nessuna attività per troppo tempo.',
  'Il suo orario di lavoro è terminato.',
  'La sessione è stata chiusa dall’amministrazione o non è più valida.',
  'È uscito, qui o in un’altra scheda.',
  'Il server non era raggiungibile: per sicurezza la sessione è stata chiusa.',
  'Il suo accesso non esiste più.',
];
