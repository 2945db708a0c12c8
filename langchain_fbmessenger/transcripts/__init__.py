"""Hold chat sessions in columns, between loaders, stages and LangChain's messages."""
