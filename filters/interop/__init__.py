"""Our rules inside other people's pipelines."""
