exports.handler = function                                        
function handler																																								(a,b,c) {}
