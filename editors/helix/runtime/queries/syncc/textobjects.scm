(statement) @function.around
(block) @function.inside
(comment) @comment.inside
(doc_comment) @comment.inside
